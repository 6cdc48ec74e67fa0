"""Answers that grow while they are computed, and what starts, renews and stops them."""
