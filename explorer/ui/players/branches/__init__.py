"""The player of branches: siblings that continue from one step, and what they agree on."""
