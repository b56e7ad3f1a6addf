"""Upwind tracing (污染溯源): where the air that smelt came from, as a ranking with its evidence, never a verdict."""
