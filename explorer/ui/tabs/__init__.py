"""One module per page, each with LABEL and build(engine, blobs, page)."""
