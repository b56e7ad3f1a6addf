"""A small park whose tags show every way a name can be right or wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.codecs.base import Refusal, Rows
from connectors.codecs.json import JsonCodec
from connectors.codecs.names import Names, names_by_enterprise
from park.batch import SampleBatch
from park.index import TagTable
from park.model import Park

#: 2026-11-22T05:00:00Z
NOON_MS = 1_795_323_600_000
NOON_US = NOON_MS * 1000


def small_park() -> TagTable:
    """E001 and E002 send through the connector ``gate``; one source of E001 does not, one address is used twice."""
    mine = [
        {"id": "LI-101", "quantity": "level", "unit": "m"},
        {"id": "TI-101", "quantity": "temperature", "unit": "°C"},
        {"id": "XS-101", "quantity": "valve", "unit": "1", "discrete": True},
        {"id": "PI-101", "quantity": "pressure", "unit": "kPa", "from": {"connector": "gate", "address": "press"}},
        {"id": "A", "quantity": "level", "unit": "m", "from": {"connector": "gate", "address": "twin"}},
        {"id": "B", "quantity": "level", "unit": "m", "from": {"connector": "gate", "address": "twin"}},
        {"id": "OPC", "quantity": "level", "unit": "m", "from": {"connector": "dcs"}},
    ]
    theirs = [{"id": "LI-101", "quantity": "level", "unit": "m"}, {"id": "SECRET", "quantity": "level", "unit": "m"}]
    return TagTable(
        Park.model_validate(
            {
                "id": "park",
                "name": "park",
                "sources": [_source("WS", [{"id": "WIND", "quantity": "wind", "unit": "m/s"}])],
                "enterprises": [
                    {"id": "E001", "name": "one", "sources": [_source("TK-101", mine)]},
                    {"id": "E002", "name": "two", "sources": [_source("TK-101", theirs)]},
                ],
            }
        )
    )


def _source(name: str, tags: Sequence[object]) -> dict[str, object]:
    return {"id": name, "kind": "tank", "position": [120.9, 30.1], "from": {"connector": "gate"}, "tags": tags}


TABLE = small_park()
NAMES: dict[str, Names] = names_by_enterprise(TABLE, "gate")


class Outcome(NamedTuple):
    """What became of a payload."""

    batch: SampleBatch
    refusals: Sequence[Refusal]

    @property
    def reasons(self) -> list[str]:
        """In the order found."""
        return [refusal.reason for refusal in self.refusals]

    @property
    def rows(self) -> list[tuple[str, int, float, int]]:
        """(full id, time in µs, value, quality), in the order decoded."""
        batch = self.batch
        return [
            (_id(ix), time_us, value, quality)
            for ix, time_us, value, quality in zip(
                batch.tag.tolist(), batch.time_us.tolist(), batch.value.tolist(), batch.quality.tolist(), strict=True
            )
        ]


def decode(payload: bytes, enterprise: str = "E001") -> Outcome:
    """As if it had come from that enterprise."""
    rows = Rows()
    refusals = JsonCodec().decode(payload, "parkwatch/v1/E001/x", NAMES[enterprise], rows)
    return Outcome(rows.batch(received_us=NOON_US, origin="gate"), refusals)


def _id(ix: int) -> str:
    info = TABLE.by_ix(ix)
    assert info is not None
    return info.id
