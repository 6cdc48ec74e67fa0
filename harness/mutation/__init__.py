"""Mutation testing: put single-line faults into a copy of the code and see whether the covering tests notice them."""
