"""Where and how a network runs: device, number type, batching, replicas."""
