"""What the players of several views have in common."""
