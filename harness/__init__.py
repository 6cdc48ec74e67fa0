"""What tests, benchmarks and robustness share: server processes, a browser, an HTTP client, measuring."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the repository
