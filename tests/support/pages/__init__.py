"""The page as tests use it: one object per view, with the few questions that tests ask of it."""
