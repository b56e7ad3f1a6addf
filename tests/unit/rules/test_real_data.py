"""Real and well-known recordings through the engine, held against what a plain count finds.

The recordings are not ours to ship: they are there on a developer's machine, perhaps. ``../shared/data/README.md``
tells what each is and where its truth comes from.
"""

import csv
import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from park.batch import SampleBatch
from park.index import TagTable
from park.model import Park
from park.quality import Quality
from rules.arrays import Floats, Ints
from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Change, Transition

_DATA = Path(__file__).parents[4] / "shared" / "data"
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason="the recordings are not on this machine")


def _rows(name: str) -> list[dict[str, str]]:
    file = _DATA / name
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        return [row for row in csv.DictReader(lines) if row]


def _column(rows: Sequence[dict[str, str]], name: str) -> Floats:
    """NaN where there is nothing."""
    return np.array([float(row[name] or "nan") for row in rows])


def _utc_us(text: str) -> int:
    """Of a time without zone; which one it was does not matter here."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * SECOND)


def _park(*sources: tuple[str, list[dict[str, Any]]]) -> TagTable:
    made = [{"id": name, "kind": "unit", "position": [0, 0], "tags": tags} for name, tags in sources]
    return TagTable(
        Park.model_validate(
            {"id": "park", "name": "Park", "enterprises": [{"id": "works", "name": "Works", "sources": made}]}
        )
    )


def _rules(*rules: dict[str, Any]) -> RuleSet:
    return RuleSet.model_validate({"rules": rules})


def _tag(name: str, unit: str = "", **fields: Any) -> dict[str, Any]:
    return {"id": name, "quantity": name.lower(), "unit": unit, **fields}


def _play(
    table: TagTable, rules: RuleSet, tag: Ints, time_us: Ints, value: Floats, together: int = 1
) -> list[Transition]:
    """As it was measured: one advance for each instant, or for so many ``together``; what is no number is left out."""
    engine = Engine(table, rules)
    told: list[Transition] = []
    starts = np.flatnonzero(np.diff(time_us, prepend=time_us[0] - 1))[::together]
    for first, end in zip(starts, [*starts[1:], len(time_us)], strict=True):
        rows = slice(first, end)
        engine.step(_batch(tag[rows], time_us[rows], value[rows]))
        told += engine.advance(int(time_us[end - 1]))
    return told


def _batch(tag: Ints, time_us: Ints, value: Floats) -> SampleBatch:
    there = np.isfinite(value)
    good = np.full(int(there.sum()), Quality.GOOD, dtype=np.uint8)
    return SampleBatch(
        tag=tag[there].astype(np.int32),
        time_us=time_us[there],
        value=value[there],
        quality=good,
        received_us=0,
        origin="recording",
    )


def _play_hours(table: TagTable, rules: RuleSet, time_us: Ints, value: Floats) -> list[Transition]:
    """Of one tag, a day of hours at a time."""
    return _play(table, rules, np.zeros(len(value), dtype=np.int64), time_us, value, together=24)


def _spans(told: Iterable[Transition]) -> list[tuple[int, float]]:
    """(raised, cleared) of each alert, by effective time; infinite where it stands at the end."""
    raised: dict[str, int] = {}
    spans: dict[str, tuple[int, float]] = {}
    for one in told:
        if one.change is Change.RAISED:
            raised[one.alert_id] = one.effective_us
            spans[one.alert_id] = (one.effective_us, math.inf)
        elif one.change is Change.CLEARED:
            spans[one.alert_id] = (raised[one.alert_id], one.effective_us)
    return list(spans.values())


# Tennessee Eastman Process: row k is at (k + 1) * 10 s


class Tep:
    """One run."""

    def __init__(self, name: str) -> None:
        self.rows = _rows(f"tep/{name}.csv.gz")
        self.names = [
            name for name in self.rows[0] if name not in ("sample_index", "time_h", "terminated", "shutdown_code")
        ]
        self.values = np.array([_column(self.rows, name) for name in self.names])

    def told(self, tags: list[dict[str, Any]], rules: RuleSet) -> list[Transition]:
        """With these tags, whose ids are columns."""
        rows = len(self.rows)
        values = np.array([self.values[self.names.index(tag["id"])] for tag in tags])
        time_us = np.repeat((np.arange(rows) + 1) * 10 * SECOND, len(tags))
        return _play(_park(("tep", tags)), rules, np.tile(np.arange(len(tags)), rows), time_us, values.T.ravel())


def _sample(time_us: int) -> int:
    return time_us // (10 * SECOND) - 1


def test_a_normal_run_raises_nothing_within_six_sigma_of_itself() -> None:
    tep = Tep("normal_8h")
    assert tep.values.shape == (41, 2880)
    six = 6 * tep.values.std(axis=1)
    mean = tep.values.mean(axis=1)
    tags = [
        _tag(name, alarms={"H": float(mean[at] + six[at]), "L": float(mean[at] - six[at])})
        for at, name in enumerate(tep.names)
    ]
    assert six.min() > 0
    assert tep.told(tags, _rules({"kind": "limit", "id": "six-sigma"})) == []


def test_the_loss_of_feed_a_is_told_at_its_very_sample() -> None:
    told = Tep("idv06_at2h").told([_tag("feed_A_flow", alarms={"L": 0.05})], _rules({"kind": "limit", "id": "feed"}))
    assert (told[0].change, _sample(told[0].effective_us)) == (Change.RAISED, 721)


def test_the_stripper_level_of_idv01_is_told_at_its_very_sample() -> None:
    told = Tep("idv01_at2h").told(
        [_tag("stripper_level", "%", alarms={"L": 30})], _rules({"kind": "limit", "id": "level"})
    )
    assert (told[0].change, _sample(told[0].effective_us)) == (Change.RAISED, 1438)


def test_a_level_below_zero_is_a_fault_of_the_instrument() -> None:
    told = Tep("idv06_at2h").told(
        [_tag("stripper_level", "%", span=[0, 100])], _rules({"kind": "range", "id": "impossible"})
    )
    assert (told[0].change, _sample(told[0].effective_us)) == (Change.RAISED, 2382)


# Controlled releases of methane, seven laser beams over a field


@pytest.mark.parametrize("release", ["rel02", "rel03", "rel05"])
def test_a_release_of_methane_is_seen_by_a_beam_within_four_minutes(release: str) -> None:
    rows = _rows(f"gas_release/{release}.csv.gz")
    truth = next(row for row in _rows("gas_release/truth.csv") if row["release"] == release)
    start_us, end_us = (_utc_us(f"{truth['date']}T{truth[name]}:00") for name in ("start_local", "end_local"))
    beams = [(f"beam-{number}", [_tag("ch4", "ppm"), _tag("error", "ppm")]) for number in range(1, 8)]
    rule = {"kind": "expression", "id": "methane", "when": "ch4 > 3 ppm and error < 1 ppm"}
    ch4 = (np.array([int(row["beam"]) for row in rows]) - 1) * 2
    time_us = np.array([_utc_us(row["time_local"]) for row in rows])
    told = _play(
        _park(*beams),
        _rules(rule),
        np.column_stack([ch4, ch4 + 1]).ravel(),
        np.repeat(time_us, 2),
        np.column_stack([_column(rows, "ch4_ppmv"), _column(rows, "ch4_err_ppmv")]).ravel(),
    )
    raised_us = [one.effective_us for one in told if one.change is Change.RAISED]
    assert start_us <= min(raised_us) <= start_us + 240 * SECOND
    assert max(raised_us) <= end_us + 240 * SECOND


# Two years of hours beside a coke works; the time is the middle of the hour

H2S, SO2 = "3.feed_28.H2S_PPM", "3.feed_28.SO2_PPM"


def _coke() -> list[dict[str, str]]:
    return _rows("coke_works/liberty_2016-11_2018-11.csv.gz")


def _times(rows: Sequence[dict[str, str]]) -> Ints:
    return np.array([int(row["EpochTime"]) * SECOND for row in rows])


def test_hours_of_so2_beyond_the_limit_are_those_that_a_plain_count_finds() -> None:
    rows = _coke()
    time_us, so2 = _times(rows), _column(rows, SO2)
    rules = _rules(
        {"kind": "window", "id": "so2", "window": "1h", "panes": 1, "sliding": False, "limits": {"H": 0.075}}
    )
    told = _play_hours(_park(("air", [_tag("so2", "ppm")])), rules, time_us, so2)
    ends = (time_us // HOUR + 1) * HOUR
    assert _spans(told) == _plain_spans(ends, so2 > 0.075, np.isfinite(so2))
    beyond = sum(int(np.count_nonzero(_within(ends, span) & np.isfinite(so2))) for span in _spans(told))
    assert beyond == np.count_nonzero(so2 > 0.075) > 0


def _within(time_us: Ints, span: tuple[int, float]) -> Any:
    return (time_us >= span[0]) & (time_us < span[1])


def _plain_spans(time_us: Ints, beyond: Any, known: Any) -> list[tuple[int, float]]:
    """What is beyond from when until when, hour by hour; an hour of which nothing is known changes nothing."""
    spans: list[tuple[int, float]] = []
    begun: int | None = None
    for at in np.flatnonzero(known).tolist():
        if beyond[at] and begun is None:
            begun = int(time_us[at])
        elif begun is not None and not beyond[at]:
            spans.append((begun, int(time_us[at])))
            begun = None
    return spans if begun is None else [*spans, (begun, math.inf)]


def test_days_of_h2s_beyond_the_limit_are_those_that_a_plain_count_finds() -> None:
    rows = _coke()
    time_us, h2s = _times(rows), _column(rows, H2S)
    rules = _rules(
        {"kind": "window", "id": "h2s", "window": "24h", "panes": 24, "sliding": False, "limits": {"H": 0.005}}
    )
    told = _play_hours(_park(("air", [_tag("h2s", "ppm")])), rules, time_us, h2s)
    # A day of fixed UTC+08:00, of which three quarters of the hours must be known.
    day = (time_us + 8 * HOUR) // DAY
    days = np.unique(day)
    hours = [h2s[(day == one) & np.isfinite(h2s)] for one in days]
    known = np.array([len(some) >= 18 for some in hours])
    mean = np.array([math.fsum(some) / len(some) if len(some) else math.nan for some in hours])
    ends = (days + 1) * DAY - 8 * HOUR
    whole = ends <= time_us[-1]
    assert _spans(told) == _plain_spans(ends[whole], mean[whole] > 0.005, known[whole])
    assert np.count_nonzero(mean[known] > 0.005) > 0


def test_a_flat_at_the_detection_limit_is_no_stuck_instrument() -> None:
    rows = _coke()
    time_us, h2s = _times(rows), _column(rows, H2S)
    rules = _rules({"kind": "frozen", "id": "stuck", "hold": "48h"})
    flats = [list(run) for value, run in groupby(zip(time_us, h2s, strict=True), lambda row: row[1]) if value == 0.001]
    assert max(run[-1][0] - run[0][0] for run in flats) >= 48 * HOUR
    exempt = _park(("air", [_tag("h2s", "ppm", detection_limit=0.001)]))
    assert _play_hours(exempt, rules, time_us, h2s) == []
    told = _play_hours(_park(("air", [_tag("h2s", "ppm")])), rules, time_us, h2s)
    assert 0.001 in [one.value for one in told]


# One factor of the effluent of a treatment plant, hourly, with gaps


def _stuck(time_us: Ints, value: Floats, hold_us: int) -> Iterator[tuple[int, int, float]]:
    """(first time, last time, value) of runs of one value at least that long; a gap of more than that ends a run."""
    first = 0
    for at in range(1, len(value) + 1):
        if at < len(value) and value[at] == value[first] and time_us[at] - time_us[at - 1] <= hold_us:
            continue
        if time_us[at - 1] - time_us[first] >= hold_us:
            yield int(time_us[first]), int(time_us[at - 1]), float(value[first])
        first = at


def test_stuck_runs_of_the_effluent_are_those_that_a_plain_count_finds() -> None:
    rows = [row for row in _rows("effluent/effluent_to_2021-12-15.csv") if row["monitorAvgValue"]]
    time_us = np.array([_utc_us(row["monitorTime"]) for row in rows])
    value = _column(rows, "monitorAvgValue")
    told = _play_hours(
        _park(("outlet", [_tag("factor", "mg/L")])),
        _rules({"kind": "frozen", "id": "stuck", "hold": "48h"}),
        time_us,
        value,
    )
    plain = list(_stuck(time_us, value, 48 * HOUR))
    assert len(plain) == 4
    times = time_us.tolist()
    ends = [times[times.index(last) + 1] for _, last, _ in plain]
    assert _spans(told) == [
        (first_at_least(times, first + 48 * HOUR), end) for (first, _, _), end in zip(plain, ends, strict=True)
    ]
    assert [one.value for one in told if one.change is Change.RAISED] == [value for _, _, value in plain]


def first_at_least(times: Sequence[int], time_us: int) -> int:
    """The first instant that is not before."""
    return next(one for one in times if one >= time_us)
