"""How fast HJ 212 packets are decoded on one core: bytes of a stream in, columns of samples out.

Two thousand loggers with eight pollutants each (real-time and converted value, flag), as TCP brings them: each packet
its own bytes. CPU time of this process is what is measured; the peer is the naive sum of Annex A alone, bit by bit.
"""

import gc
import json
import time
from collections.abc import Callable
from typing import Any

from connectors.codecs.base import Rows
from connectors.hj212.beijing import text_of
from connectors.hj212.framing import Frame, Framer
from connectors.hj212.packet import build, parse
from connectors.hj212.readings import Reader
from park.index import TagTable
from park.model import Park

_LOGGERS = 2_000
_FACTORS = tuple(f"a2100{number}" for number in range(1, 9))
_START_US = 1_795_622_400_000_000
#: Loggers that send one packet a second must leave at least so much of a core to everything else.
TARGET_SHARE = 0.4
#: Packets are decoded in lots of this size into one batch, as the server does.
_LOT = 500


def run(seconds: float = 10.0) -> dict[str, object]:
    """Packets and samples a second by kind of packet; ``ratio`` is the target's share of a core over ours."""
    kinds = {"real_time": _real_time(), "odd_real_time": _odd(), "minute_means": _means()}
    share_s = seconds / (len(kinds) + 2)
    figures = {name: _measure(packets, share_s) for name, packets in kinds.items()}
    share = _LOGGERS / figures["real_time"]["frames_per_s"]
    return {
        "samples_per_s": figures["real_time"]["samples_per_s"],
        "frames_per_s": figures["real_time"]["frames_per_s"],
        "us_a_frame": {name: round(1e6 / one["frames_per_s"], 1) for name, one in figures.items()},
        "us_a_frame_by_step": _steps(kinds["real_time"][0], share_s),
        "bytes_a_frame": round(sum(map(len, kinds["real_time"])) / _LOGGERS),
        "kinds": figures,
        "share_of_a_core_for_2000_loggers_at_1_hz": round(share, 3),
        "ratio": round(TARGET_SHARE / share, 1),
        "ratio_is": "share of one core that 2,000 loggers at one packet a second may take, over what they take",
        "target": {"share": TARGET_SHARE},
        "met": share <= TARGET_SHARE,
    }


def _measure(packets: list[bytes], seconds: float) -> dict[str, float]:
    framers = [Framer() for _ in packets]
    reader = Reader(_tags(), "hj")
    frames = samples = means = 0
    used_s = 0.0
    for framer, data in zip(framers, packets, strict=True):  # once before: what a logger's names mean is found once
        reader.read(parse(framer.feed(data)[0].raw[6:-6]), Rows())
    gc.collect()
    gc.freeze()
    while used_s < seconds or frames < len(packets):
        for begin in range(0, len(packets), _LOT):
            lot = list(zip(framers[begin : begin + _LOT], packets[begin : begin + _LOT], strict=True))
            began_s = time.process_time()
            rows = Rows()
            for framer, data in lot:
                for piece in framer.feed(data):
                    assert isinstance(piece, Frame)
                    reader.read(parse(piece.segment), rows)
            batch = rows.batch(received_us=0, origin="hj")
            periods = rows.period_batch()
            used_s += time.process_time() - began_s
            frames += len(lot)
            samples += len(batch)
            means += len(periods) if periods is not None else 0
    return {
        "frames_per_s": round(frames / used_s),
        "samples_per_s": round(samples / used_s),
        "means_per_s": round(means / used_s),
    }


def _steps(data: bytes, seconds: float) -> dict[str, float]:
    """CPU microseconds of each step of one packet, and of the plain sum of Annex A beside them."""
    framer, reader, rows = Framer(), Reader(_tags(), "hj"), Rows()
    segment = data[6:-6]
    packet = parse(segment)
    steps: dict[str, Callable[[], Any]] = {
        "framing_and_crc": lambda: framer.feed(data),
        "parse": lambda: parse(segment),
        "read": lambda: reader.read(packet, rows),
        "crc_of_annex_a_bit_by_bit": lambda: _plain_crc(segment),
    }
    return {name: _us(step, seconds / len(steps)) for name, step in steps.items()}


def _us(step: Callable[[], Any], seconds: float) -> float:
    best_s, until_s = float("inf"), time.process_time() + seconds
    while time.process_time() < until_s:
        began_s = time.process_time()
        for _ in range(200):
            step()
        best_s = min(best_s, time.process_time() - began_s)
    return round(best_s / 200 * 1e6, 1)


def _plain_crc(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            low, crc = crc & 1, crc >> 1
            if low:
                crc ^= 0xA001
    return crc


def _mn(number: int) -> str:
    return f"{number:024X}"


def _tags() -> TagTable:
    sources = [
        {
            "id": f"S{number}",
            "kind": "waste_gas_outlet",
            "position": [120.87, 30.15],
            "from": {"connector": "hj", "device": _mn(number)},
            "tags": [
                {"id": f"{code}-{suffix}", "quantity": "x", "unit": "mg/m3"}
                for code in _FACTORS
                for suffix in ("Rtd", "ZsRtd")
            ],
        }
        for number in range(_LOGGERS)
    ]
    works = {"id": "E", "name": "E", "sources": sources}
    return TagTable(Park.model_validate({"id": "park", "name": "bench", "enterprises": [works]}))


def _packets(content: Callable[[int], str], **fields: Any) -> list[bytes]:
    qn = text_of(_START_US, milliseconds=True)
    return [
        build(
            **{"cn": "2011", "mn": _mn(number), "pw": "123456", "st": "31", "qn": qn, **fields}, content=content(number)
        )
        for number in range(_LOGGERS)
    ]


def _items(number: int, form: str) -> str:
    values = ((code, 0.25 + (number * 7 + place * 31) % 997 / 10) for place, code in enumerate(_FACTORS))
    items = (form.format(code=code, value=value, converted=value * 1.2) for code, value in values)
    return f"DataTime={text_of(_START_US)};{';'.join(items)}"


def _real_time() -> list[bytes]:
    form = "{code}-Rtd={value:.2f},{code}-ZsRtd={converted:.2f},{code}-Flag=N"
    return _packets(lambda number: _items(number, form))


def _odd() -> list[bytes]:
    """As a sender of 2005 that copies the standard's misprints: what the careful road costs."""
    form = " {code}-Rtd={value:.2f};{code}-ZsRtd={converted:.2f};{code}-Flag=N"
    return _packets(lambda number: _items(number, form), flag=None, qn="")


def _means() -> list[bytes]:
    means = ",".join(f"{{code}}-{suffix}={{value:.2f}}" for suffix in ("Min", "Avg", "Max"))
    form = f"{means},{{code}}-ZsAvg={{converted:.2f}},{{code}}-Flag=N"
    return _packets(lambda number: _items(number, form), cn="2051")


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
