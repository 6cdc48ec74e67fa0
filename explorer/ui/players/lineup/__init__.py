"""The player of the line-up: one picture through the whole family of autoencoders."""
