"""A park whose tags are pushed, and short ways to decode for it."""

import io
from typing import Any

import numpy as np
import pyarrow as pa

from connectors.http.decode import Content, Limits, decode
from connectors.http.judge import Judged
from connectors.http.senders import Allowed, allowed
from park.check import load_park
from park.index import TagTable

#: 2026-11-22 13:00:00 +08:00
NOW_US = 1_795_323_600_000_000
S_US = 1_000_000
ARROW = "application/vnd.apache.arrow.stream"

PARK = """\
id: park
name: Park
sources:
  - {id: sky, kind: weather_station, position: [120.9, 30.1], from: {connector: push},
     tags: [{id: wind, quantity: wind_speed, unit: m/s}]}
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        from: {connector: push}
        tags:
          - {id: LT, quantity: level, unit: m, from: {connector: push, address: LEVEL}}
          - {id: PT, quantity: pressure, unit: kPa}
          - {id: XV, quantity: valve, unit: "1", discrete: true}
          - {id: far, quantity: level, unit: m, from: {connector: opc}}
      - id: pot
        kind: tank
        position: [120.87, 30.15]
        from: {connector: push}
        tags:
          - {id: LT, quantity: level, unit: m, from: {connector: push, address: SAME}}
          - {id: PT, quantity: pressure, unit: kPa, from: {connector: push, address: SAME}}
  - id: zeta
    name: Zeta
    sources:
      - id: well
        kind: tank
        position: [120.87, 30.15]
        from: {connector: push}
        tags: [{id: LT, quantity: level, unit: m}]
"""
TAGS = TagTable(load_park(PARK, "park.yaml").park)
ACME = allowed(TAGS, ["push"], "acme")
PARK_KEY = allowed(TAGS, ["push"], None)


def ix(tag: str) -> int:
    return TAGS.ix_of[tag]


def judged(
    body: bytes, kind: str = "text/csv", encoding: str = "", *, may: Allowed = ACME, limits: Limits | None = None
) -> Judged:
    return decode(body, Content.of_headers(kind, encoding), may, NOW_US, limits or Limits())


def csv(*lines: str) -> Judged:
    return judged("\n".join(lines).encode())


def stream(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def arrow(table: pa.Table, **options: Any) -> Judged:
    return judged(stream(table, **options), ARROW)


def good(found: Judged) -> list[tuple[str, int, float | None, int]]:
    """Tag, microseconds before now, value, quality; oldest first."""
    return [
        (
            str(TAGS.infos[int(tag)].id),
            NOW_US - int(time_us),
            None if np.isnan(value) else float(value),
            int(quality),
        )
        for tag, time_us, value, quality in zip(found.tag, found.time_us, found.value, found.quality, strict=True)
    ]


def problems(found: Judged) -> list[tuple[int, str, str]]:
    """Row, field, value."""
    return [one[:3] for one in found.problems]
