"""The page's address: kept in step with what is on the page, opened again from a link."""
