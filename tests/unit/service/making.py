"""What the tests of the service are made of: a small park, batches, transitions, a clock that obeys."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from park.batch import SampleBatch
from park.check import load_park
from park.index import TagTable
from rules.transition import Change, Transition, alert_id

#: 2026-11-22 00:00 UTC.
NOON_US = 1_795_305_600_000_000
S_US = 1_000_000

PARK_YAML = """\
id: park
name: Park
future_limit: 60s
past_limit_days: 400
sources:
  - id: weather
    kind: weather_station
    position: [120.88, 30.16]
    from: {connector: met}
    tags:
      - {id: wind, quantity: wind_speed, unit: m/s}
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        from: {connector: dcs, device: plc}
        tags:
          - {id: LT, quantity: level, unit: "%", stale_after: 10s, alarms: {L: 10, H: 80, HH: 90, deadband: 1}}
          - {id: TT, quantity: temperature, unit: °C, stale_after: 10s, alarms: {H: 50, on_delay: 2s, off_delay: 2s}}
  - id: zeta
    name: Zeta
    sources:
      - id: outlet
        kind: waste_gas_outlet
        position: [120.89, 30.17]
        from: {connector: dcs}
        tags:
          - {id: "NO", quantity: nitrogen_oxide, unit: mg/m3, alarms: {H: 100}}
"""


def tag_table(ix_of: dict[str, int] | None = None, text: str = PARK_YAML) -> TagTable:
    """The small park's tags: wind 0, LT 1, TT 2, NO 3."""
    return TagTable(load_park(text, "park.yaml").park, ix_of)


def batch_of(
    *samples: tuple[int, int, float] | tuple[int, int, float, int], received_us: int = NOON_US, origin: str = "dcs"
) -> SampleBatch:
    """Samples (tag, time in µs, value, quality; good where none is given)."""
    rows: list[tuple[Any, ...]] = [(*sample, 0)[:4] for sample in samples]
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [[], [], [], []]
    named: dict[str, Any] = dict(zip(("tag", "time_us", "value", "quality"), columns, strict=True))
    return SampleBatch(**named, received_us=received_us, origin=origin)


def rows_of(batch: SampleBatch | None) -> list[tuple[int, int, float, int]]:
    """The samples of a batch, one tuple each."""
    if batch is None:
        return []
    columns = (batch.tag, batch.time_us, batch.value, batch.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@contextmanager
def quick_directory() -> Iterator[Path]:
    """A directory in memory where the machine has one: for tests of a thousand commits, none of a power cut."""
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as directory:
        yield Path(directory)


class HandClock:
    """A clock that shows what it is told."""

    def __init__(self, now_us: int = NOON_US) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


def transition(change: Change = Change.RAISED, **told: Any) -> Transition:
    """A transition of the level alarm of acme's tank, unless told otherwise."""
    onset_us = told.pop("onset_us", NOON_US)
    fields: dict[str, Any] = {
        "change": change,
        "rule": "tag-limits",
        "target": "acme.tank.LT",
        "side": "high",
        "level": "H",
        "onset_us": onset_us,
        "effective_us": onset_us,
        "detected_us": onset_us + S_US,
        "value": 81.5,
        "limit": 80.0,
        "peak": 81.5,
        "quality": "good",
        "unverified": False,
        "why": "level 81.5 % is above H 80 %",
    } | told
    identity = alert_id(fields["rule"], fields["target"], fields["side"], onset_us)
    return Transition(alert_id=fields.pop("alert_id", identity), **fields)
