"""The tabs of the page: one module each, with LABEL and build(engine, blobs, picture)."""
