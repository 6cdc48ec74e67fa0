"""The sections of the sampling and autoencoder tabs, below their players."""
