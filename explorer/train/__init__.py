"""Training: `python -m explorer.train NAME --data DIR` rebuilds a file of weights/."""
