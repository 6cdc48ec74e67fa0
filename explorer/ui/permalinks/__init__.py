"""Links to the state of the page: updates of its address, and the restoring of a link."""
