"""The claims on their own terms, and against inputs for which they must hold or must not."""
