"""Free TCP ports of this machine's loopback address."""

import random
import socket
from pathlib import Path

_LOWEST = 10_000
_TRIES = 100


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free at this moment; someone else may still take it.

    It lies below those that the kernel hands to outgoing connections: a server that is down for a while must find its
    port free when it comes back.
    """
    for _ in range(_TRIES):
        port = random.randrange(_LOWEST, _first_outgoing())
        if _can_bind(port):
            return port
    raise OSError("no free TCP port on 127.0.0.1")


def is_taken(port: int) -> bool:
    """Tell whether someone listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _first_outgoing() -> int:
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        first = 0
    return first if first > _LOWEST + _TRIES else 32_768
