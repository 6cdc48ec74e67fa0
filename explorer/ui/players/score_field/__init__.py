"""The player of the plane: a density, its arrows, and walkers in it; all of it drawn in the browser."""
