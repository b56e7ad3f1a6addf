"""A demonstration that is interrupted or killed, at any moment: nothing of it is left."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port
from tests.scenario.demos import DemoProcess

_ENDS_WITHIN_S = 30.0


@pytest.fixture
def demo(judged_demo: DemoProcess, demo_place: Path) -> Iterator[DemoProcess]:
    """One without an end, beside the judged one (`test_whole_demo`), which is under way from now on."""
    demo = DemoProcess(demo_place / f"endless-{len(list(demo_place.iterdir()))}", "--port", str(free_port()))
    yield demo
    demo.destroy()


def _is_playing(demo: DemoProcess) -> None:
    demo.until_said("parkwatch is up")


def _starts_the_service(demo: DemoProcess) -> None:
    demo.until_said("TimescaleDB and mosquitto:")


@pytest.mark.parametrize("moment", [DemoProcess.until_begun, _starts_the_service, _is_playing])
def test_ctrl_c_ends_everything_at_any_moment(demo: DemoProcess, moment: Callable[[DemoProcess], None]) -> None:
    moment(demo)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(_ENDS_WITHIN_S) == 0, demo.said
    assert demo.family() == []
    assert demo.left_behind() == []


def test_killed_demo_takes_all_its_processes_along(demo: DemoProcess) -> None:
    _is_playing(demo)
    assert len(demo.family()) > 5
    demo.process.kill()
    assert demo.until_alone(_ENDS_WITHIN_S) == []
