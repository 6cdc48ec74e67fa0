"""Noise & Scale Explorer: python app.py serves it at http://127.0.0.1:7860."""

import sys

from explorer.command_line import main

if __name__ == "__main__":
    sys.exit(main())
