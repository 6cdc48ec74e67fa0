"""The player of sampling runs: frames stream in, stay in the browser, and are stepped through there."""
