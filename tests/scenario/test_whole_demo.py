"""The demonstration judges itself, and nothing of it is left.

It takes more than a minute, so these tests come last of their folder: it has been playing since the first.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.demos import DemoProcess

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def report(judged_demo: DemoProcess, demo_place: Path) -> dict[str, Any]:
    """What it wrote, once it has ended."""
    assert judged_demo.process.wait(180.0) == 0, judged_demo.said
    report: dict[str, Any] = json.loads((demo_place / "report.json").read_text("utf-8"))
    return report


def test_report_tells_that_all_protocols_delivered(report: dict[str, Any]) -> None:
    assert set(report["protocols"]) == {"opcua", "mqtt", "hj212", "sparkplug", "http"}
    for counts in report["protocols"].values():
        # What an edge node says again when it is born anew is stored once.
        assert counts["received"] == counts["journalled"] >= counts["stored"] > 100


def test_report_tells_what_became_of_spoilt_and_missing_telegrams(report: dict[str, Any]) -> None:
    proof = report["proof"]
    assert min(proof["dead_letters"].values()) > 0
    assert set(proof["dead_letters"]) == {"bad_crc", "unknown_device"}
    assert min(proof["refilled"].values()) > 20
    assert min(proof["calibrated"].values()) > 0
    assert proof["telegrams_kept"] > 100


def test_report_tells_exactly_the_scripted_alerts(report: dict[str, Any]) -> None:
    alerts = report["alerts"]
    assert (alerts["missing"], alerts["unexpected"], report["errors"]) == ([], [], [])
    assert alerts["raised"] == alerts["expected"] == 17


def test_report_tells_how_long_an_alert_takes(report: dict[str, Any]) -> None:
    latency = report["latency_ms"]
    assert 0 < latency["p50"] <= latency["p99"] < 5_000


def test_judged_demo_leaves_nothing_behind(report: dict[str, Any], judged_demo: DemoProcess) -> None:
    assert judged_demo.family() == []
    assert judged_demo.left_behind() == []
