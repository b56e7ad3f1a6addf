"""The plainest way to do what the codec does fast, and makers of packets."""

from typing import Any

from hypothesis import HealthCheck, settings

from connectors.hj212.packet import build
from park.index import TagTable
from park.model import Park

#: For properties: a loaded machine is no fault.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
MN = "010000A8900016F000169DC0"
QN = "20160801085857223"


def crc_as_printed(data: bytes) -> int:
    """HJ 212-2017, Annex A, word for word: bit by bit, with the shift first."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            low = crc & 1
            crc >>= 1
            if low:
                crc ^= 0xA001
    return crc


def telegram(content: str = "", **fields: Any) -> bytes:
    """A whole packet of real-time data, with what is not said as in the standard's examples."""
    return build(**{"cn": "2011", "mn": MN, "pw": "123456", "qn": QN, "content": content, **fields})


def segment(content: str = "", **fields: Any) -> bytes:
    """Its data segment alone."""
    return telegram(content, **fields)[6:-6]


def tags_at(*addresses: str, mn: str = MN) -> TagTable:
    """One tag for each address, with that index, of one logger behind connector ``hj``."""
    tags = [
        {
            "id": f"T{number}",
            "quantity": "x",
            "unit": "mg/L",
            "from": {"connector": "hj", "device": mn, "address": address},
        }
        for number, address in enumerate(addresses)
    ]
    source = {"id": "S", "kind": "unit", "position": [120.9, 30.1], "tags": tags}
    works = {"id": "works", "name": "Works", "sources": [source]}
    return TagTable(Park.model_validate({"id": "park", "name": "Park", "enterprises": [works]}))
