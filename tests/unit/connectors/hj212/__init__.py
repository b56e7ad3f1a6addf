"""HJ 212: codec and server."""
