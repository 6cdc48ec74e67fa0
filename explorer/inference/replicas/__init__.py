"""The network in processes of its own, on this machine or on others."""
