"""What keeps servers from outliving their parents also works where the kernel gives less help."""

import os
import subprocess
import time

import pytest

from deploy.embedded import supervisor
from deploy.embedded.ports import free_port, is_taken


def test_server_that_ends_is_noticed_without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int) -> int:
        raise OSError("refused by the sandbox")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    began_s = time.monotonic()
    with subprocess.Popen(["sleep", "0.3"]) as server:
        supervisor._wait_for_either(server, os.getppid())
        assert server.poll() == 0
    assert time.monotonic() - began_s < 5


def test_lost_parent_is_noticed() -> None:
    with subprocess.Popen(["sleep", "60"]) as server:
        supervisor._wait_for_either(server, parent_pid=1 if os.getppid() != 1 else 2)
        assert server.poll() is None
        server.kill()


def test_signal_to_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    supervisor.signal_quietly(gone.pid, 15)


def test_free_ports_are_below_those_of_outgoing_connections() -> None:
    ports = {free_port() for _ in range(20)}
    assert max(ports) < 32_768
    assert not any(is_taken(port) for port in ports)
