"""Where a denoiser runs."""
