"""The REST interface and the live stream, under ``/api/v1``."""
