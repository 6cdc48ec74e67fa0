"""Denoisers in closed form, and what turns a network into one."""
