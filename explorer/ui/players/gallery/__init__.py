"""A plain gallery: rows of small pictures, each row with a name and a note; nothing to scrub."""
