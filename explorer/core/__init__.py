"""The mathematics, on torch, numpy and scipy alone."""
