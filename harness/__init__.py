"""What tests, benchmarks and robustness share: server processes, a browser, an HTTP client, measuring."""
