"""What the page sends to its own events."""

# Public inputs of page_sampling: all but the picture, which is the session's own; the last one is the ticket.
RUN = ["wiener", "any", "euler", 3, "karras", 1, 1, 0, 64, "noise", 1, "nothing"]
RUN += ["ddpm", 8, "flow", "any", 3, 1, "wiener", 0]
