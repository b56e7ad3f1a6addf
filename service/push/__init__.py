"""Samples pushed over HTTP: limits, what was answered before, and the road from a body to the intake."""
