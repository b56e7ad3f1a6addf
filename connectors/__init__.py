"""Bring samples in from the plant: one folder a protocol."""
