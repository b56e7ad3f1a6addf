"""However data, reports and marks arrive, and however often the judge looks meanwhile: in the end the same holds."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.judge.marks import Mark, Withdrawal
from tests.integration.judge.rig import COD, DAY_US, HOUR_US, MIDNIGHT_US, MINUTE_US, O2, PH, SO2, WATER, Rig, rig_up
from tests.integration.store.stores import query
from tests.unit.service.evidence import period

#: The last hours of one day and the first of the next.
FIRST_US = MIDNIGHT_US + DAY_US - 2 * HOUR_US
END_US = FIRST_US + 4 * HOUR_US
_HOLDS = (
    "SELECT DISTINCT ON (tag.id, m.period, m.start) tag.id, m.period, m.start, m.value, m.status, m.parts, m.flag,"
    " m.unmarked, m.unmarked_status, m.measured, m.amount_kg, m.present, m.normal, m.marked, m.reported, m.verdict"
    " FROM emission_mean AS m JOIN tag ON tag.ix = m.tag WHERE m.period <> 'month' AND m.start >= to_timestamp(%s)"
    " ORDER BY tag.id, m.period, m.start, m.revision DESC"
)
Deed = Callable[[Rig], None]


def _deeds(rng: random.Random) -> list[Deed]:
    """Everything that is going to be sent, in the order of its time."""
    deeds: list[Deed] = []
    for hour in range(4):
        start = FIRST_US + hour * HOUR_US
        for tag in (SO2, O2, COD, WATER, PH):
            minutes = [m for m in range(60) if rng.random() < 0.95]
            value = rng.choice([6.5, 20.0, 45.0, 75.0]) if tag not in (O2, PH) else rng.uniform(4.0, 9.5)
            flag = rng.choice("NNNNNDCMFT")
            split = rng.randrange(60)
            for some, letter in (([m for m in minutes if m < split], "N"), ([m for m in minutes if m >= split], flag)):
                if some:
                    deeds.append(_samples(tag, start, value, some, letter))
            if rng.random() < 0.4:
                deeds.append(_report(tag, start, value * rng.choice([1.0, 1.2]), 3_600))
            if rng.random() < 0.4:
                deeds += [_report(tag, start + m * MINUTE_US, value, 60, "N") for m in range(rng.randrange(60))]
    deeds += [_mark(number, rng) for number in range(3)]
    return deeds


def _samples(tag: int, start: int, value: float, minutes: list[int], flag: str) -> Deed:
    return lambda rig: rig.hour(tag, start, value, minutes=minutes, flag=flag)


def _report(tag: int, start: int, value: float, length_s: int, flag: str = "N") -> Deed:
    return lambda rig: rig.reports(period(tag, start, value, length_s=length_s, flag=flag))


def _mark(number: int, rng: random.Random) -> Deed:
    begin = FIRST_US + rng.randrange(200) * MINUTE_US
    mark = Mark(
        id=f"00000000-0000-0000-0000-0000000000{number:02d}",
        enterprise="acme",
        source=rng.choice(["acme.stack", "acme.drain"]),
        from_us=begin,
        to_us=begin + rng.randrange(1, 90) * MINUTE_US,
        kind="anomaly",
        type="fault",
        reason="lamp",
        author="li",
        created_us=END_US,
    )
    withdrawn = rng.random() < 0.4

    def deed(rig: Rig) -> None:
        rig.mark(mark, number)
        if withdrawn:
            rig.mark(Withdrawal(mark=mark.id, by="li", reason="none", at_us=END_US), 100 + number)

    return deed


def _end(rig: Rig) -> list[tuple[Any, ...]]:
    rig.judge(FIRST_US + 2 * DAY_US)
    return query(rig.dsn, _HOLDS, FIRST_US / 1e6)


@pytest.mark.parametrize("seed", range(2))
def test_what_holds_does_not_depend_on_the_order_of_arrival(
    seed: int, tmp_path: Path, two_databases: tuple[str, str]
) -> None:
    rng = random.Random(seed)
    deeds = _deeds(rng)
    shuffled = deeds.copy()
    rng.shuffle(shuffled)
    with rig_up(tmp_path / "once", two_databases[0]) as once:
        for deed in deeds:
            deed(once)
        expected = _end(once)
    with rig_up(tmp_path / "often", two_databases[1]) as often:
        for deed in shuffled:
            deed(often)
            if rng.random() < 0.05:
                often.judge(FIRST_US + rng.randrange(0, 30) * HOUR_US)
            if rng.random() < 0.02:
                often.begin()
        assert _close(_end(often), expected)
    assert len(expected) > 30


def _close(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> bool:
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[3:] == pytest.approx(other[3:], nan_ok=True), one[:3]
    return True
