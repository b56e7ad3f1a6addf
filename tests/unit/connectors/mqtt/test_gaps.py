"""What is told of a time when nobody listened."""

import numpy as np

from connectors.base import Gap
from connectors.mqtt.gaps import STARTING, GapLog

S = 1_000_000


class Story:
    """A gap log and what it told."""

    def __init__(self) -> None:
        self.told: list[Gap] = []
        self.log = GapLog("gate", self.told.append)
        self.log.down(0, STARTING)

    def connect(self, at_s: int, *, kept: bool = True) -> None:
        self.log.up(at_s * S, session_present=kept)

    def samples(self, *times_s: int, at_s: int) -> None:
        self.log.samples(np.array(times_s) * S, at_s * S)
        self.log.settle(at_s * S)


def gap(from_s: int, to_s: int, reason: str, refilled: int | None) -> Gap:
    return Gap(connector="gate", from_us=from_s * S, to_us=to_s * S, reason=reason, refilled=refilled)


def test_connecting_at_once_is_no_gap() -> None:
    story = Story()
    story.connect(1)
    story.samples(1, 2, at_s=20)
    assert story.told == []


def test_a_broker_that_is_down_at_the_start_makes_a_gap_from_the_start() -> None:
    story = Story()
    story.log.down(1 * S, "connection refused")
    story.connect(9, kept=False)
    story.samples(10, at_s=10)
    assert story.told == [gap(0, 9, "connection refused", None)]


def test_what_the_broker_had_kept_is_counted_until_newer_samples_come() -> None:
    story = Story()
    story.connect(1)
    story.log.down(100 * S, "lost")
    story.connect(110)
    story.samples(101, 102, at_s=111)
    story.samples(103, 50, at_s=112)
    assert story.told == []
    story.samples(111, 112, at_s=113)
    assert story.told == [gap(100, 110, "lost", 3)]


def test_a_quiet_source_does_not_keep_the_gap_open() -> None:
    story = Story()
    story.connect(1)
    story.log.down(100 * S, "lost")
    story.connect(110)
    story.log.settle(119 * S)
    assert story.told == []
    story.log.settle(121 * S)
    assert story.told == [gap(100, 110, "lost", 0)]


def test_losing_the_link_again_closes_the_gap_before() -> None:
    story = Story()
    story.connect(1)
    story.log.down(100 * S, "lost")
    story.connect(110)
    story.log.down(111 * S, "lost again")
    story.log.down(112 * S, "refused")
    story.connect(120, kept=False)
    story.log.settle(200 * S)
    assert story.told == [gap(100, 110, "lost", 0), gap(111, 120, "refused", None)]
    assert story.log.count == 2
