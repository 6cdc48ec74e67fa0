"""Streamed answers, and the events that start and stop their computations."""
