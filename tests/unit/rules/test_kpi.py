"""Key figures of the alarm system: told as stories, and held against the plainest arithmetic that gives the same."""

import json
import math
import statistics
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rules.kpi.figures import DAY_US, Kpi, KpiNorms, Occurrence, kpi, kpi_by
from rules.kpi.norms import FloodNorm, Rate

S = 1_000_000
MINUTE = 60 * S
#: 2026-11-01 00:00 +08:00
DAY0 = 1_793_462_400 * S


PLAIN = Occurrence(
    alert_id="",
    rule="limits",
    target="acme.t1.level",
    side="high",
    source="acme.t1",
    enterprise="acme",
    priority=2,
    raised_us=DAY0,
)


def alarm(at_s: float, *, cleared_s: float | None = None, acked_s: float | None = None, **more: Any) -> Occurrence:
    """Raised so long after the day began."""
    timed = replace(
        PLAIN,
        alert_id=f"a{at_s}",
        raised_us=DAY0 + round(at_s * S),
        cleared_us=None if cleared_s is None else DAY0 + round(cleared_s * S),
        acked_us=None if acked_s is None else DAY0 + round(acked_s * S),
        acked_by="" if acked_s is None else "desk-1",
    )
    return replace(timed, **more)


def of_day(*occurrences: Occurrence) -> Kpi:
    return kpi(occurrences, DAY0, DAY0 + DAY_US)


def test_a_quiet_day_is_acceptable_in_all_its_periods() -> None:
    found = of_day()
    assert (found.alarms, found.per_10min.periods, found.per_day.periods) == (0, 144, 1)
    assert found.per_10min.share == {"acceptable": 1.0, "manageable": 0.0, "overloaded": 0.0}
    assert (found.floods, found.standing, found.chattering, found.bad_actors) == ([], [], [], [])
    assert (found.ack.median_s, found.ack.p90_s) == (None, None)


def test_ten_minutes_with_one_two_and_three_alarms_are_in_three_bands() -> None:
    found = of_day(*(alarm(at) for at in (10, 700, 710, 1300, 1310, 1320)))
    assert found.per_10min.max == 3
    assert found.per_10min.share == {"acceptable": 142 / 144, "manageable": 1 / 144, "overloaded": 1 / 144}
    assert found.per_10min.mean == 6 / 144
    assert "ISA-18.2" in found.per_10min.norm.source


def test_days_are_of_utc_plus_8() -> None:
    two = kpi([alarm(DAY_US / S - 1), alarm(DAY_US / S)], DAY0, DAY0 + 2 * DAY_US)
    assert (two.per_day.periods, two.per_day.max, two.per_day.mean) == (2, 1, 1.0)


def test_ten_alarms_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    eleven = [alarm(30 * i) for i in range(11)]
    assert of_day(*eleven[:10]).floods == []
    (flood,) = of_day(*eleven).floods
    assert (flood.begin_us, flood.count, flood.peak) == (DAY0 + 300 * S, 11, 11)
    # The window holds fewer than 5 when the fifth-last has left it.
    assert flood.end_us == DAY0 + 6 * 30 * S + 10 * MINUTE


def test_an_alarm_just_ten_minutes_old_is_out_of_the_window() -> None:
    assert of_day(*(alarm(60 * i) for i in range(11))).floods == []


def test_a_lull_that_leaves_five_in_the_window_does_not_end_the_flood() -> None:
    # The fifth-last of the first wave leaves at 780 s; an alarm at that very instant still joins the flood.
    first = [alarm(30 * i) for i in range(11)]
    assert len(of_day(*first, *(alarm(780 + i) for i in range(11))).floods) == 1
    assert len(of_day(*first, *(alarm(781 + i) for i in range(11))).floods) == 2


def test_a_flood_may_outlast_the_span() -> None:
    (flood,) = kpi([alarm(i) for i in range(12)], DAY0, DAY0 + 5 * MINUTE).floods
    assert flood.end_us is None


def test_what_stands_for_more_than_a_day_is_standing() -> None:
    day = DAY_US / S
    exactly, longer = alarm(-day, cleared_s=0.0), alarm(-day, cleared_s=1.0, alert_id="longer")
    (one,) = of_day(exactly, longer, alarm(0.0), alarm(5.0)).standing
    assert (one.alert_id, one.stood_s, one.stands) == ("longer", day + 1, False)
    (still,) = kpi([alarm(0.0)], DAY0 + DAY_US, DAY0 + 2 * DAY_US).standing
    assert (still.stood_s, still.stands) == (2 * day, True)


def test_three_in_a_minute_chatter_and_other_tags_do_not_count() -> None:
    quiet = alarm(61, target="acme.t2.level")
    assert of_day(alarm(0), alarm(30), alarm(60), quiet).chattering == []
    (one,) = of_day(alarm(0), alarm(30), alarm(59), alarm(1000), quiet).chattering
    assert (one.target, one.bursts, one.count, one.peak) == ("acme.t1.level", 1, 3, 3)
    assert (one.first_us, one.last_us) == (DAY0, DAY0 + 59 * S)


def test_bad_actors_are_ranked_and_their_share_is_of_all() -> None:
    many = [alarm(i, target=f"acme.t1.{i % 12}") for i in range(24)] + [alarm(30, target="acme.t1.7")]
    found = of_day(*many)
    assert (found.bad_actors[0].target, found.bad_actors[0].count) == ("acme.t1.7", 3)
    assert (len(found.bad_actors), found.bad_actors_share) == (10, 21 / 25)


def test_time_to_acknowledge_and_by_whom() -> None:
    some = [alarm(i, acked_s=2 * i + 1) for i in range(10)] + [alarm(100)]
    ack = of_day(*some).ack
    assert (ack.acknowledged, ack.unacknowledged, ack.median_s, ack.p90_s) == (10, 1, 5.5, 9.0)
    by = kpi_by(some, DAY0, DAY0 + DAY_US, "operator")
    assert {name: one.alarms for name, one in by.items()} == {"": 1, "desk-1": 10}


def test_the_answer_serialises_to_json() -> None:
    found = of_day(*(alarm(i) for i in range(12)))
    text = TypeAdapter(Kpi).dump_json(found)
    assert json.loads(text)["alarms"] == 12
    assert TypeAdapter(Kpi).validate_json(text) == found


def test_norms_must_make_sense() -> None:
    with pytest.raises(ValidationError, match="less than manageable"):
        Rate(acceptable=2, manageable=1)
    with pytest.raises(ValidationError, match="must not exceed"):
        FloodNorm(more_than=3, fewer_than=5)
    with pytest.raises(ValidationError, match="extra"):
        KpiNorms.model_validate({"per_hour": 3})
    with pytest.raises(ValueError, match="empty"):
        kpi([], DAY0, DAY0)


# --- against the plainest arithmetic ---

times = st.lists(st.integers(-90_000, 90_000), max_size=60) | st.lists(st.integers(0, 1_500), max_size=60)


@st.composite
def histories(draw: st.DrawFn) -> list[Occurrence]:
    some: list[Occurrence] = []
    for i, at in enumerate(draw(times)):
        lasted = draw(st.none() | st.integers(0, 200_000))
        waited = draw(st.none() | st.integers(0, 3_000))
        some.append(
            alarm(
                at,
                cleared_s=None if lasted is None else at + lasted,
                acked_s=None if waited is None else at + waited,
                alert_id=f"{i:03}",
                target=draw(st.sampled_from(["a.b.c", "a.b.d"])),
                priority=draw(st.integers(1, 4)),
            )
        )
    return some


def window_of(times_us: list[int], now_us: int, window_us: int) -> int:
    return sum(now_us - window_us < t <= now_us for t in times_us)


def plain_floods(times_us: list[int], to_us: int) -> list[tuple[int, int | None, int, int]]:
    """Second by second: everything in these histories happens at whole seconds."""
    found: list[tuple[int, int | None, int, int]] = []
    since: int | None = None
    counted: set[int] = set()
    members: set[int] = set()
    peak = 0
    moments = sorted(set(times_us) | {t + 10 * MINUTE for t in times_us})
    for now in moments:
        held = window_of(times_us, now, 10 * MINUTE)
        inside = {i for i, t in enumerate(times_us) if now - 10 * MINUTE < t <= now}
        if since is None and held > 10:
            since, members, peak = now, inside - counted, held
        elif since is not None and now < to_us and held < 5:
            found.append((since, now, len(members), peak))
            since, counted = None, counted | members
        elif since is not None:
            members |= inside - counted
            peak = max(peak, held)
    if since is not None:
        found.append((since, None, len(members), peak))
    return found


def plain_chatter(times_us: list[int]) -> tuple[int, int]:
    """(alarms in bursts, peak)."""
    inside: set[int] = set()
    for now in times_us:
        together = {i for i, t in enumerate(times_us) if now - MINUTE < t <= now}
        inside |= together if len(together) >= 3 else set()
    return len(inside), max((window_of(times_us, now, MINUTE) for now in times_us), default=0)


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 600), st.integers(1, 90_000), st.randoms())
def test_every_figure_is_that_of_plain_arithmetic(some: list[Occurrence], a: int, length: int, rng: Random) -> None:
    from_us, to_us = DAY0 + a * S, DAY0 + (a + length) * S
    found = kpi(some, from_us, to_us)
    inside = [one for one in some if from_us <= one.raised_us < to_us]
    times_us = sorted(one.raised_us for one in inside)
    _check_rates(found, times_us)
    _check_standing(found, some)
    _check_floods(found, times_us)
    _check_chatter(found, inside)
    _check_counts(found, inside)
    rng.shuffle(some)
    assert kpi(some, from_us, to_us) == found


def _check_rates(found: Kpi, times_us: list[int]) -> None:
    first = found.from_us // (10 * MINUTE)
    periods = range(first, (found.to_us - 1) // (10 * MINUTE) + 1)
    counts = [sum(t // (10 * MINUTE) == period for t in times_us) for period in periods]
    assert (found.per_10min.periods, found.per_10min.max) == (len(counts), max(counts))
    assert math.isclose(found.per_10min.share["acceptable"], sum(n <= 1 for n in counts) / len(counts))
    assert math.isclose(found.per_10min.share["manageable"], sum(n == 2 for n in counts) / len(counts), abs_tol=1e-12)
    assert math.isclose(sum(found.per_10min.share.values()), 1.0)
    assert math.isclose(found.per_day.mean * (found.to_us - found.from_us), len(times_us) * DAY_US)


def _check_standing(found: Kpi, some: list[Occurrence]) -> None:
    expected = set()
    for one in some:
        end_us = found.to_us if one.cleared_us is None else min(one.cleared_us, found.to_us)
        if one.raised_us < found.to_us and end_us > found.from_us and end_us - one.raised_us > DAY_US:
            expected.add(one.alert_id)
    assert {one.alert_id for one in found.standing} == expected


def _check_floods(found: Kpi, times_us: list[int]) -> None:
    told = [(one.begin_us, one.end_us, one.count, one.peak) for one in found.floods]
    assert told == plain_floods(times_us, found.to_us)
    assert sum(one.count for one in found.floods) <= found.alarms
    assert 0 <= found.flood_share <= 1


def _check_chatter(found: Kpi, inside: list[Occurrence]) -> None:
    told = {one.target: (one.count, one.peak) for one in found.chattering}
    for target in ("a.b.c", "a.b.d"):
        count, peak = plain_chatter(sorted(one.raised_us for one in inside if one.target == target))
        assert told.get(target) == ((count, peak) if count else None)


def _check_counts(found: Kpi, inside: list[Occurrence]) -> None:
    assert [one.count for one in found.priorities] == [sum(o.priority == p for o in inside) for p in (1, 2, 3, 4)]
    assert sum(one.count for one in found.bad_actors) == found.alarms == len(inside)
    waits = [(one.acked_us - one.raised_us) / S for one in inside if one.acked_us is not None]
    assert found.ack.acknowledged == len(waits)
    if waits:
        assert found.ack.median_s == statistics.median(waits)
        within = [p for p in sorted(waits) if sum(w <= p for w in waits) * 10 >= 9 * len(waits)]
        assert found.ack.p90_s == within[0]
