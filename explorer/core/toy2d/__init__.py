"""Two-dimensional toy problems: densities, Langevin walkers, and networks that learn a score."""
