"""The mathematics: torch, numpy and scipy, and nothing of the rest of the project."""
