"""The components that draw in the browser, one folder each."""
