"""The player of the wiring: one prediction in four views, the residual connection, and the wrong noise level told."""
