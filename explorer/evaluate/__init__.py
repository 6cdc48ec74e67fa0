"""How good a model is: denoising against its peers, generation against held-out pictures, and what it costs."""

from explorer.evaluate.denoising import mean_squared_errors

__all__ = ["mean_squared_errors"]
