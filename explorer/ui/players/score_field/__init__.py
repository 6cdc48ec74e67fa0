"""The player of the score field: a density, its arrows, and walkers in it; all of it drawn in the browser."""
