"""One module per page, each with LABEL and build(engine, parts, page)."""
