"""Densities in the plane, walkers in them, and networks that learn their score."""
