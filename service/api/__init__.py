"""The REST interface and the live stream."""

PREFIX = "/api/v1"
