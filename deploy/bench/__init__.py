"""Benchmarks: what the service sustains, each part as a ratio against a limit or a peer in the same run."""
