"""A small park with outlets, a journal, a store writer and a judge that works when it is told to."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from park.check import load_park
from park.index import TagTable
from park.periods import PeriodBatch
from park.quality import HJ212_FLAGS
from rules.emissions.limits import LimitBook
from service.alerts.asked import Raise
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.judge.config import Emissions
from service.judge.judge import Judge
from service.judge.marks import Mark, Withdrawal, note_of
from service.judge.sources import JudgedSource, judged_sources
from service.store.housekeeping import StorePolicy
from service.store.writer import StoreWriter
from tests.integration.store.stores import WITHIN_S, caught_up, query, until
from tests.unit.service.making import HandClock, batch_of

S_US = 1_000_000
MINUTE_US = 60 * S_US
HOUR_US = 3_600 * S_US
DAY_US = 24 * HOUR_US
#: 2026-11-20 00:00 at +08:00.
MIDNIGHT_US = 1_795_104_000_000_000

PARK = """\
id: park
name: Park
past_limit_days: 400
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: stack
        kind: waste_gas_outlet
        position: [120.87, 30.15]
        from: {connector: hj212, device: MN1}
        outlet:
          combustion: true
          reference_oxygen: 3
          permit_limits:
            - {quantity: sulfur_dioxide, basis: hour, limit: 50, unit: mg/m3, permit: P-1, valid_from: 2020-01-01}
        tags:
          - {id: so2, quantity: sulfur_dioxide, unit: mg/m3, span: [0, 500]}
          - {id: o2, quantity: oxygen, unit: "%", span: [0, 25]}
          - {id: flow, quantity: flow, unit: m3/h, span: [0, 100000]}
      - id: drain
        kind: waste_water_outlet
        position: [120.87, 30.15]
        from: {connector: hj212, device: MN2}
        outlet:
          permit_limits:
            - {quantity: cod, basis: day, limit: 100, unit: mg/L, permit: P-1, valid_from: 2020-01-01}
            - {quantity: ph, basis: hour, limit: 9, lower: 6, unit: pH, permit: P-1, valid_from: 2020-01-01}
        tags:
          - {id: cod, quantity: cod, unit: mg/L}
          - {id: ph, quantity: ph, unit: pH}
          - {id: flow, quantity: flow, unit: m3/h}
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        tags: [{id: level, quantity: level, unit: "%"}]
"""
SO2, O2, FLOW, COD, PH, WATER = range(6)


class Rig:
    """Everything in the hands of a test."""

    def __init__(
        self,
        directory: Path,
        dsn: str,
        park: str = PARK,
        config: Emissions | None = None,
        now_us: int = MIDNIGHT_US + 30 * S_US,
    ) -> None:
        self.dsn = dsn
        self.clock = HandClock(now_us)
        directory.mkdir(exist_ok=True)
        self.journal = Journal(directory / "journal.db")
        one = load_park(park, "park.yaml").park
        ids = [f"{owner}.{source.id}.{tag.id}" for owner, source, tag in one.tags()]
        self.tags = TagTable(one, dict(self.journal.register_tags(ids)))
        self.writer = StoreWriter(dsn, self.journal, self.tags, deque(), policy=StorePolicy())
        self.told: list[Raise] = []
        self.config = config or Emissions()
        self._connection: psycopg.Connection | None = None

    def judge_sources(self) -> list[JudgedSource]:
        """What a judge of this park and configuration goes by."""
        return judged_sources(self.tags, LimitBook(self.tags.park, []), self.config)

    def up(self) -> None:
        """The writer at work, a judge that has seen nothing."""
        self.writer.start()
        until(lambda: self.writer.status.state == "up")
        self.begin()

    def begin(self) -> None:
        """A judge (again), as after a restart."""
        if self._connection is not None:
            self._connection.close()
        self._connection = psycopg.connect(self.dsn)
        self.judge_ = Judge(
            self.dsn,
            self.tags,
            LimitBook(self.tags.park, []),
            self.writer.touched,
            self.config,
            self.clock,
            self.told.append,
        )
        self._work = self.judge_._prepared(self._connection)
        self.judge()

    def down(self) -> None:
        """Nothing is left running."""
        if self._connection is not None:
            self._connection.close()
        if self.writer.status.state != "starting":
            self.writer.stop(drain_s=WITHIN_S)
        self.journal.close()

    def samples(self, *samples: tuple[int, int, float] | tuple[int, int, float, str]) -> None:
        """(tag, time, value, data flag), received now."""
        rows = [(tag, at, value, HJ212_FLAGS[(*more, "N")[0]]) for tag, at, value, *more in samples]
        now_us = max(self.clock(), self.journal.last_received_us + 1)
        self.journal.append(received_us=now_us, batch=batch_of(*rows, received_us=now_us))

    def reports(self, *periods: PeriodBatch) -> None:
        """What loggers report, received now."""
        for one in periods:
            now_us = max(self.clock(), self.journal.last_received_us + 1)
            self.journal.append(received_us=now_us, batch=None, extras=Extras(periods=one.to_bytes()))

    def mark(self, one: Mark | Withdrawal, number: int) -> None:
        """Through the journal."""
        id_ = f"00000000-0000-0000-0000-{number:012d}"
        now_us = self.journal.last_received_us + 1
        extras = Extras(notes=(note_of(one, id_=id_, enterprise="acme"),))
        self.journal.append(received_us=now_us, batch=None, extras=extras)

    def hour(
        self, tag: int, start_us: int, value: float, *, minutes: Sequence[int] = range(60), flag: str = "N"
    ) -> None:
        """One sample in each of these minutes."""
        self.samples(*((tag, start_us + m * MINUTE_US + 30 * S_US, value, flag) for m in minutes))

    def judge(self, at_us: int | None = None) -> None:
        """All that was journalled is stored, then judged, at this time."""
        if at_us is not None:
            self.clock.now_us = at_us
        self.stored()
        while self.one_pass():
            pass

    def stored(self) -> None:
        """All that was journalled is stored."""
        if self.journal.last_position:
            until(caught_up(self.writer, self.journal))

    def one_pass(self) -> bool:
        """Whether there is more to do."""
        assert self._connection is not None
        return self.judge_.judge(self._connection, self._work)

    def means(self, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Rows of emission_mean, oldest revision first."""
        statement: Any = (
            f"SELECT {columns} FROM emission_mean JOIN tag ON ix = emission_mean.tag WHERE {where}"
            " ORDER BY tag.id, period, start, revision"
        )
        return query(self.dsn, statement)

    def exceedances(self, columns: str) -> list[tuple[Any, ...]]:
        """Rows of emission_exceedance."""
        statement: Any = f"SELECT {columns} FROM emission_exceedance ORDER BY kind, start, id"
        return query(self.dsn, statement)


@contextmanager
def rig_up(directory: Path, dsn: str, **options: Any) -> Iterator[Rig]:
    """A rig at work."""
    rig = Rig(directory, dsn, **options)
    try:
        rig.up()
        yield rig
    finally:
        rig.down()
