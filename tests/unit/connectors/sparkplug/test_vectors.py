"""Whole payloads against what they should say: those that another library made, and ours, made by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.base import DeviceHealth
from connectors.codecs.base import Rows
from connectors.mqtt.events import Arrived
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.reader import Reader
from park.index import TagTable
from park.model import Park
from park.quality import Quality, quality_class
from tests.unit.connectors.sparkplug import wire
from tests.unit.connectors.sparkplug.plant import NOON_MS, Host, Sample, config

_VECTORS = Path(__file__).parents[5] / "shared" / "data" / "sparkplug" / "vectors.json"
_NUMBERS = {"Int32", "Int64", "UInt64", "Float", "Double", "Boolean", "DateTime"}


def _park(vectors: list[dict[str, Any]]) -> TagTable:
    """A tag for every metric that was ever born, strings too."""
    sources = []
    for number, vector in enumerate(vectors):
        _, _, kind, edge, *device = vector["topic"].split("/")
        if kind.endswith("BIRTH"):
            origin = {"connector": "edge", "device": "/".join([edge, *device])}
            names = [one["name"] for one in vector["expected"]["metrics"]]
            tags = [
                {"id": f"m{i}", "quantity": "level", "unit": "1", "from": origin | {"address": name}}
                for i, name in enumerate(names)
            ]
            sources.append({"id": f"s{number}", "kind": "tank", "position": [120.9, 30.1], "tags": tags})
    enterprise = {"id": "acme", "name": "acme", "sources": sources}
    return TagTable(Park.model_validate({"id": "park", "name": "park", "enterprises": [enterprise]}))


def _expected(vector: dict[str, Any], names: dict[int, str]) -> list[tuple[str, int, float | None]]:
    """(metric, epoch milliseconds, value or None where it is null) of all that are numbers."""
    found = []
    for one in vector["expected"]["metrics"]:
        name = one.get("name") or names[one["alias"]]
        if "alias" in one:
            names[one["alias"]] = name
        if one["type"] in _NUMBERS:
            found.append((name, one["timestamp"], None if one.get("isNull") else float(one["value"])))
    return found


@pytest.mark.skipif(not _VECTORS.exists(), reason="the vectors are not on this machine")
def test_every_payload_of_another_library_says_what_it_should_and_its_gap_asks_for_rebirth() -> None:
    vectors = json.loads(_VECTORS.read_text("utf-8"))
    table = _park(vectors)
    reader = Reader(
        config(enterprise_of={"Park": "acme"}), table, Marks(table.size, None), dict[str, DeviceHealth]().__setitem__
    )
    names: dict[int, str] = {}
    letters: list[tuple[str, str]] = []
    for vector in vectors:
        raw = bytes.fromhex(vector["hex"])
        arrived = Arrived(vector["topic"].encode(), raw, len(raw), 0, 0, False)
        decoded = reader.read([arrived], vector["expected"]["timestamp"] * 1000)
        infos = [table.by_ix(int(ix)) for ix in decoded.batch.tag]
        bad = quality_class(decoded.batch.quality) == Quality.BAD
        read = [
            (info.address if info else "", int(time_us) // 1000, None if none else float(value))
            for info, time_us, value, none in zip(infos, decoded.batch.time_us, decoded.batch.value, bad, strict=True)
        ]
        assert read == _expected(vector, names), vector["file"]
        letters += [(vector["file"], letter.reason) for letter in decoded.letters]
        reader.book.tend(Rows(), vector["expected"]["timestamp"] * 1000)
        wanted = [node.rebirth.is_wanted for node in reader.roll]
        assert wanted == [vector["expected"]["seq"] >= 9], vector["file"]
    assert letters == [("01_NBIRTH.bin", "not_numeric")]  # the text that a tag is mapped to


_T = (wire.TIMESTAMP, NOON_MS)
_BIRTH = wire.payload(
    wire.metric((wire.NAME, "bdSeq"), _T, (wire.DATATYPE, 4), (wire.LONG, 7)),
    wire.metric(
        (wire.NAME, "Tank/Level"), (wire.ALIAS, 1), _T, (wire.DATATYPE, 10), wire.quality(500), (wire.DOUBLE, 63.25)
    ),
    wire.metric((wire.NAME, "Tank/Open"), (wire.ALIAS, 2), _T, (wire.DATATYPE, 11), (wire.BOOLEAN, 1)),
    timestamp=NOON_MS,
    seq=0,
)


def test_payloads_made_by_hand_say_what_they_should() -> None:
    host = Host()
    assert host.hear("spBv1.0/E1/NBIRTH/EON1", _BIRTH) == [
        Sample("E1.tank.level", NOON_MS, 63.25, "uncertain/last_usable_value"),
        Sample("E1.tank.open", NOON_MS, 1.0),
    ]
    data = wire.payload(
        wire.metric((wire.ALIAS, 2), (wire.TIMESTAMP, NOON_MS + 5), (wire.IS_NULL, 1)),
        wire.metric((wire.ALIAS, 1), (wire.DOUBLE, -0.5), (wire.METADATA, b"\x08\x01")),
        timestamp=NOON_MS + 9,
        seq=1,
    )
    assert host.hear("spBv1.0/E1/NDATA/EON1", data) == [
        Sample("E1.tank.open", NOON_MS + 5, None, "bad"),
        Sample("E1.tank.level", NOON_MS + 9, -0.5),
    ]
    assert host.reasons == []
