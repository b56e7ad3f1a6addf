"""Rules tried on history: the live engine over recorded or stored samples, and what it would have raised."""
