"""Upwind tracing over the service's data: when the fence smells something, which sources wind and timing point to."""
