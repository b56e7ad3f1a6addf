"""A demonstration that is interrupted or killed, at any moment: nothing of it is left."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port
from tests.scenario.demos import DemoProcess

_ENDS_WITHIN_S = 30.0


@pytest.fixture
def start(judged_demo: DemoProcess, demo_place: Path) -> Iterator[Callable[..., DemoProcess]]:
    """Start one beside the judged one (`test_whole_demo`), which is under way from now on."""
    started: list[DemoProcess] = []

    def start(*options: str) -> DemoProcess:
        place = demo_place / f"interrupted-{len(list(demo_place.iterdir()))}"
        started.append(DemoProcess(place, "--port", str(free_port()), *options))
        return started[-1]

    yield start
    for demo in started:
        demo.destroy()


def _is_playing(demo: DemoProcess) -> None:
    demo.until_said("parkwatch is up")


def _starts_the_service(demo: DemoProcess) -> None:
    demo.until_said("TimescaleDB and mosquitto:")


@pytest.mark.parametrize("moment", [_starts_the_service, _is_playing])
def test_ctrl_c_ends_everything_at_any_moment(
    start: Callable[..., DemoProcess], moment: Callable[[DemoProcess], None]
) -> None:
    demo = start()
    moment(demo)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(_ENDS_WITHIN_S) == 0, demo.said
    assert demo.family() == []
    assert demo.left_behind() == []


def test_judged_demo_that_is_interrupted_is_no_success(start: Callable[..., DemoProcess], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    demo = start("--for", "60s", "--report", str(report))
    demo.until_begun()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(_ENDS_WITHIN_S) == 1, demo.said
    assert json.loads(report.read_text("utf-8")) == {"errors": ["interrupted; nothing was judged"]}
    assert (demo.family(), demo.left_behind()) == ([], [])


def test_killed_demo_takes_all_its_processes_along(start: Callable[..., DemoProcess]) -> None:
    demo = start()
    _is_playing(demo)
    assert len(demo.family()) > 5
    demo.process.kill()
    assert demo.until_alone(_ENDS_WITHIN_S) == []
