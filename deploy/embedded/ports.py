"""Free TCP ports of this machine's loopback address."""

import socket


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free at this moment; someone else may still take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_taken(port: int) -> bool:
    """Tell whether someone listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
