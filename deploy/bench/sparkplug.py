"""How fast Sparkplug payloads become samples: decoding alone, without a broker, by CPU time; beside bare protobuf."""

import json
import time
from collections.abc import Callable

from connectors.base import DeviceHealth
from connectors.mqtt.events import Arrived
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.payload_pb2 import Metric, Payload, PropertySet, PropertyValue
from connectors.sparkplug.reader import Reader
from connectors.sparkplug.values import DataType
from park.index import TagTable
from park.model import Park

_TAGS = 100
_LOT = 100
_EPOCH_MS = 1_795_323_600_000
#: What the fastest form of another payload takes in this house, and no less.
_TARGET_PER_S = 300_000


def run(seconds: float = 6.0) -> dict[str, object]:
    """Samples a second by form of the message: 100 metrics by alias, with names, with a Quality, and one alone."""
    forms: dict[str, tuple[int, Callable[[int, int], Metric]]] = {
        "alias_100": (_TAGS, _by_alias),
        "name_100": (_TAGS, _by_name),
        "quality_100": (_TAGS, _with_quality),
        "alias_1": (1, _by_alias),
    }
    share_s = seconds / (len(forms) + 1)
    rates = {name: round(_rate(count, make, share_s)) for name, (count, make) in forms.items()}
    bare = _bare(share_s)
    ratio = rates["alias_100"] / bare
    return {
        "samples_per_s": rates,
        "bare_protobuf_per_s": round(bare),
        "ratio": round(ratio, 2),
        "ratio_is": "metrics a second of decoding into columns against parsing and reading one field of each alone",
        "target": {"alias_100_per_s": _TARGET_PER_S},
        "met": rates["alias_100"] >= _TARGET_PER_S,
    }


def _rate(count: int, make: Callable[[int, int], Metric], seconds: float) -> float:
    table = TagTable(_park())
    config = SparkplugConfig.model_validate({"id": "bench", "kind": "sparkplug", "host": "localhost"})
    reader = Reader(config, table, Marks(table.size, None), dict[str, DeviceHealth]().__setitem__)
    reader.read([_arrived("NBIRTH", [_birth(tag) for tag in range(_TAGS)], 0)], _EPOCH_MS * 1000)
    # 256 messages, so that their numbers go round.
    lot = [_arrived("NDATA", [make(tag, n) for tag in range(count)], (n + 1) % 256) for n in range(256)]
    samples = 0
    began_s = time.process_time()
    while (elapsed_s := time.process_time() - began_s) < seconds:
        decoded = reader.read(lot, _EPOCH_MS * 1000)
        assert not decoded.letters, decoded.letters[0]
        samples += len(decoded.batch)
    return samples / elapsed_s


def _bare(seconds: float) -> float:
    payload = _arrived("NDATA", [_by_alias(tag, 0) for tag in range(_TAGS)], 0).payload
    metrics = 0
    began_s = time.process_time()
    while (elapsed_s := time.process_time() - began_s) < seconds:
        for _ in range(_LOT):
            metrics += len([one.double_value for one in Payload.FromString(payload).metrics])
    return metrics / elapsed_s


def _arrived(kind: str, metrics: list[Metric], seq: int) -> Arrived:
    payload = Payload(timestamp=_EPOCH_MS, metrics=metrics, seq=seq).SerializeToString()
    return Arrived(f"spBv1.0/E001/{kind}/EON1".encode(), payload, len(payload), 1, 1, False)


def _birth(tag: int) -> Metric:
    return Metric(name=f"Area/T{tag}", alias=tag, datatype=DataType.DOUBLE, double_value=0.0)


def _by_alias(tag: int, n: int) -> Metric:
    return Metric(alias=tag, timestamp=_EPOCH_MS + n, datatype=DataType.DOUBLE, double_value=n * 0.5 + tag)


def _by_name(tag: int, n: int) -> Metric:
    return Metric(name=f"Area/T{tag}", timestamp=_EPOCH_MS + n, datatype=DataType.FLOAT, float_value=n * 0.5 + tag)


def _with_quality(tag: int, n: int) -> Metric:
    stale = PropertySet(keys=["Quality"], values=[PropertyValue(type=3, int_value=500)])
    return Metric(alias=tag, timestamp=_EPOCH_MS + n, datatype=DataType.DOUBLE, double_value=n * 0.5, properties=stale)


def _park() -> Park:
    origin = {"connector": "bench", "device": "EON1"}
    tags = [
        {"id": f"T{n}", "quantity": "level", "unit": "m", "from": origin | {"address": f"Area/T{n}"}}
        for n in range(_TAGS)
    ]
    source = {"id": "S", "kind": "unit", "position": [120.9, 30.1], "tags": tags}
    enterprise = {"id": "E001", "name": "bench", "sources": [source]}
    return Park.model_validate({"id": "park", "name": "bench", "enterprises": [enterprise]})


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
