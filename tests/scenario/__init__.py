"""The whole system, real processes and sockets, on a time axis."""
