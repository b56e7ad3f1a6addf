"""A real TimescaleDB and a real mosquitto, without Docker and without touching the system.

``EmbeddedPostgres`` and ``EmbeddedBroker`` are what demo, tests and benchmarks run on; production uses
``deploy/compose``.
"""

from deploy.embedded.broker import EmbeddedBroker, TlsFiles
from deploy.embedded.errors import EmbeddedError
from deploy.embedded.postgres import EmbeddedPostgres

__all__ = ["EmbeddedBroker", "EmbeddedError", "EmbeddedPostgres", "TlsFiles"]
