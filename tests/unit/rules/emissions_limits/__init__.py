"""Limits of emission: packs, selection, what is odd about them."""
