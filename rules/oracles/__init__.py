"""The executable specification: every kind of rule once more, in plain Python, one sample at a time. Not used live."""
