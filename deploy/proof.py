"""What else a scenario must have left in the database than alerts: refilled outages, dead letters, calibrations."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg

from park.index import TagInfo, TagTable
from park.quality import HJ212_FLAGS
from simulators.faults import Calibration, CrcErrors, Fault, HalfFrames, LinkDown, WrongMn
from simulators.overlay import tags_of
from simulators.scenario import Scenario

#: Of the seconds of an outage, how many a loaded machine must have measured.
_SHARE = 0.5
#: At both ends of a fault, what may belong to it or not.
_EDGE_US = 1_000_000
#: Why telegrams become dead letters, by the fault that spoils them.
_REASONS: dict[type, tuple[str, ...]] = {
    CrcErrors: ("bad_crc",),
    WrongMn: ("unknown_device",),
    HalfFrames: ("bad_length", "truncated", "bad_header", "no_tail", "noise", "bad_crc"),
}
_SAMPLES = """
SELECT count(*), count(*) FILTER (WHERE quality & 127 = %(quality)s) FROM sample JOIN tag ON tag.ix = sample.tag
WHERE tag.id = ANY(%(tags)s) AND time >= to_timestamp(%(from)s) AND time < to_timestamp(%(to)s)
"""


class Proof:
    """Asks the database of one run. ``errors`` tells what it should have, and has not."""

    def __init__(self, connection: psycopg.Connection[Any], table: TagTable, scenario: Scenario, start_us: int) -> None:
        self._connection, self._table = connection, table
        self._scenario, self._start_us = scenario, start_us
        self.errors: list[str] = []

    def report(self) -> dict[str, Any]:
        """Counts by fault, for people and machines."""
        return {
            "refilled": dict(self._refilled()),
            "calibrated": dict(self._calibrated()),
            "dead_letters": self._letters(),
            "means_reported": self._count("SELECT count(*) FROM period_report"),
            "telegrams_kept": self._count("SELECT coalesce(sum(frames), 0) FROM raw_block"),
        }

    def _faults(self, *kinds: type[Fault]) -> Iterator[Fault]:
        return (fault for fault in self._scenario.faults if isinstance(fault, kinds))

    def _tags(self, fault: Fault) -> list[TagInfo]:
        found = (self._table.by_ix(int(ix)) for ix in tags_of(self._table, fault.target))
        return [info for info in found if info is not None]

    def _samples(self, fault: Fault, quality: int = 0) -> tuple[int, int]:
        """Of the fault's tags while it lasted: all, and those of that quality."""
        began_us = self._start_us + fault.at_us
        asked = {
            "tags": [info.id for info in self._tags(fault)],
            "from": (began_us + _EDGE_US) / 1e6,
            "to": (began_us + fault.for_us - _EDGE_US) / 1e6,
            "quality": quality,
        }
        row = self._connection.execute(_SAMPLES, asked).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _refilled(self) -> Iterator[tuple[str, int]]:
        for fault in self._faults(LinkDown):
            found, _ = self._samples(fault)
            wanted = _SHARE * len(self._tags(fault)) * (fault.for_us - 2 * _EDGE_US) / 1e6
            if found < wanted:
                self.errors.append(f"{fault.target} had no network: {found} samples of that time, {wanted:g} at least")
            yield fault.target, found

    def _calibrated(self) -> Iterator[tuple[str, int]]:
        for fault in self._faults(Calibration):
            found, marked = self._samples(fault, HJ212_FLAGS["C"])
            if not marked or marked != found:
                self.errors.append(f"{fault.target} was calibrated: {marked} of {found} samples say so")
            yield fault.target, marked

    def _letters(self) -> dict[str, int]:
        rows = self._connection.execute("SELECT reason, count(*) FROM dead_letter GROUP BY reason").fetchall()
        found = {str(reason): int(count) for reason, count in rows}
        expected = {reason for kind in _REASONS for _ in self._faults(kind) for reason in _REASONS[kind]}
        for kind, reasons in _REASONS.items():
            if any(True for _ in self._faults(kind)) and not any(found.get(reason) for reason in reasons):
                self.errors.append(f"no dead letter says {' or '.join(reasons)}")
        if stray := found.keys() - expected:
            self.errors.append(f"dead letters that the script does not explain: {', '.join(sorted(stray))}")
        return found

    def _count(self, query: LiteralString) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0
