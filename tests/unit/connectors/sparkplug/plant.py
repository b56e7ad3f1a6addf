"""A small park behind edge nodes, a host that reads what they send, and an edge node that does all as it should."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from connectors.base import DeviceHealth
from connectors.codecs.base import Rows
from connectors.mqtt.events import Arrived
from connectors.mqtt.inbound import Decoded
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.payload_pb2 import Metric, Payload
from connectors.sparkplug.reader import Reader
from connectors.sparkplug.values import DataType
from park.index import TagTable
from park.model import Park
from park.quality import describe

#: 2026-11-22T05:00:00Z
NOON_MS = 1_795_323_600_000
S_MS = 1_000


def _source(name: str, device: str, tags: dict[str, str], connector: str = "edge") -> dict[str, object]:
    return {
        "id": name,
        "kind": "tank",
        "position": [120.9, 30.1],
        "from": {"connector": connector, "device": device},
        "tags": [
            {"id": tag, "quantity": "level", "unit": "%", "from": {"connector": connector, "address": address}}
            for tag, address in tags.items()
        ],
    }


def table() -> TagTable:
    """E1 has edge node EON1 with devices CEMS1 and PLC; E2 has an EON1 too, with a metric that is called the same."""
    mine = [
        _source("tank", "EON1", {"level": "Tank/Level", "open": "Tank/Open"}),
        _source("stack", "EON1/CEMS1", {"so2": "Stack/SO2", "nox": "Stack/NOx"}),
        _source("plc", "EON1/PLC", {"speed": "Speed"}),
        _source("other", "EON1", {"dcs": "DCS"}, connector="dcs"),
    ]
    return TagTable(
        Park.model_validate(
            {
                "id": "park",
                "name": "park",
                "enterprises": [
                    {"id": "E1", "name": "one", "sources": mine},
                    {"id": "E2", "name": "two", "sources": [_source("tank", "EON1", {"level": "Tank/Level"})]},
                ],
            }
        )
    )


TABLE = table()


class Sample(NamedTuple):
    """A sample as a test reads it."""

    tag: str
    t_ms: int
    value: float | None
    quality: str = "good"


def samples(decoded: Decoded) -> list[Sample]:
    """Of a batch, in the order in which they were read; None stands for no value."""
    batch = decoded.batch
    columns = zip(batch.tag.tolist(), batch.time_us.tolist(), batch.value.tolist(), batch.quality.tolist(), strict=True)
    return [
        Sample(_id(tag), time_us // 1000, None if value != value else value, describe(quality))
        for tag, time_us, value, quality in columns
    ]


def _id(ix: int) -> str:
    info = TABLE.by_ix(ix)
    assert info is not None
    return info.id


def config(**fields: Any) -> SparkplugConfig:
    base = {"id": "edge", "kind": "sparkplug", "host": "broker", "reorder_timeout": "0s"}
    return SparkplugConfig.model_validate(base | fields)


class Host:
    """A reader, a clock that is set, and everything that came out so far."""

    def __init__(self, **fields: Any) -> None:
        self.devices: dict[str, DeviceHealth] = {}
        self.reader = Reader(config(**fields), TABLE, Marks(TABLE.size, None), self.devices.__setitem__)
        self.now_ms = NOON_MS
        self.reasons: list[str] = []
        self.details: list[str] = []

    def hear(self, topic: str, data: bytes | Payload, *, retain: bool = False) -> list[Sample]:
        """One message; its samples. Refusals go to ``reasons``."""
        raw = data.SerializeToString() if isinstance(data, Payload) else data
        arrived = Arrived(topic.encode(), raw, len(raw), 1, 1, retain)
        decoded = self.reader.read([arrived], self.now_ms * 1000)
        self.reasons += [letter.reason for letter in decoded.letters]
        self.details += [letter.detail for letter in decoded.letters]
        assert all(letter.raw == raw for letter in decoded.letters)
        return samples(decoded)

    def wait(self, ms: int) -> tuple[list[str], list[Sample]]:
        """Time passes: the edge nodes that are asked for a birth then, and what the host says itself."""
        self.now_ms += ms
        rows = Rows()
        asked = [node.name for node in self.reader.book.tend(rows, self.now_ms * 1000)]
        return asked, samples(self.reader.finish(rows, self.now_ms * 1000, []))

    def asks(self) -> list[str]:
        """Whom it asks right now."""
        return self.wait(0)[0]

    def deviations(self, name: str = "E1/EON1") -> dict[str, int]:
        return self.devices[name].deviations


def double(name: str, value: float, alias: int | None = None, **fields: Any) -> Metric:
    """A metric of a birth."""
    return Metric(name=name, alias=alias, datatype=DataType.DOUBLE, double_value=value, **fields)


def by_alias(alias: int, value: float, **fields: Any) -> Metric:
    """A metric of data."""
    return Metric(alias=alias, datatype=DataType.DOUBLE, double_value=value, **fields)


class Edge:
    """An edge node of group E1 on the wire: counts seq and bdSeq. Its clock is the host's."""

    def __init__(self, host: Host, group: str = "E1", edge: str = "EON1") -> None:
        self.host, self.group, self.edge = host, group, edge
        self.seq, self.bd_seq = 0, 0

    def _send(self, kind: str, metrics: Sequence[Metric], device: str = "", t_ms: int | None = None) -> list[Sample]:
        at_ms = self.host.now_ms if t_ms is None else t_ms
        payload = Payload(timestamp=at_ms, metrics=metrics, seq=self.seq)
        self.seq = (self.seq + 1) % 256
        topic = f"spBv1.0/{self.group}/{kind}/{self.edge}{'/' + device if device else ''}"
        return self.host.hear(topic, payload)

    def birth(self, *metrics: Metric, t_ms: int | None = None) -> list[Sample]:
        self.seq = 0
        bd_seq = Metric(name="bdSeq", datatype=DataType.INT64, long_value=self.bd_seq)
        rebirth = Metric(name="Node Control/Rebirth", datatype=DataType.BOOLEAN, boolean_value=False)
        own = metrics or (double("Tank/Level", 50.0, 1), double("Tank/Open", 1.0, 2))
        return self._send("NBIRTH", [bd_seq, rebirth, *own], t_ms=t_ms)

    def device_birth(self, device: str, *metrics: Metric, t_ms: int | None = None) -> list[Sample]:
        return self._send("DBIRTH", metrics, device, t_ms)

    def data(self, *metrics: Metric, device: str = "") -> list[Sample]:
        return self._send("DDATA" if device else "NDATA", metrics, device)

    def device_death(self, device: str) -> list[Sample]:
        return self._send("DDEATH", [], device)

    def death(self, bd_seq: int | None = None) -> list[Sample]:
        number = self.bd_seq if bd_seq is None else bd_seq
        metric = Metric(name="bdSeq", datatype=DataType.INT64, long_value=number)
        return self.host.hear(f"spBv1.0/{self.group}/NDEATH/{self.edge}", Payload(timestamp=1, metrics=[metric]))

    def lose_a_message(self) -> None:
        self.seq = (self.seq + 1) % 256
