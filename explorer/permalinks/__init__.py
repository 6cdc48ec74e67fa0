"""Permalinks: a view as the query of the page's address, and back."""
