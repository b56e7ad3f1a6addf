"""Packs, parks and times to test limits with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from park.model import Park
from rules.emissions.limit_file import Pack, load_pack, load_packs
from rules.emissions.limits import Confirmation, LimitBook

SHIPPED = Path(__file__).parents[4] / "deploy/limits"

PACK = """\
version: 1
standard: GB 1-2015
title: 试验标准
valid_from: 2015-07-01
confidence: read
source: text of GB 1-2015
unit: mg/m3
conditions:
  heater: a process heater
tables:
  - table: table-1
    clause: 表1
    medium: stack
    special: false
    basis: hour
    basis_confidence: inferred
    o2_reference: 3
    rows:
      - {quantity: nmhc, limit: 100}
      - {quantity: sulfur_dioxide, limit: 80, when: [heater]}
  - table: table-2
    clause: 表2
    medium: stack
    special: true
    basis: hour
    rows:
      - {quantity: nmhc, limit: 60}
"""


def shipped() -> tuple[Pack, ...]:
    """The packs of deploy/limits."""
    return load_packs([(one.name, one.read_text("utf-8")) for one in sorted(SHIPPED.glob("*.yaml"))])


def pack_but(*changes: tuple[str, str]) -> str:
    """The pack with each old text, which must stand there once, replaced by its new one."""
    text = PACK
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def pack(*changes: tuple[str, str]) -> Pack:
    """The same, loaded."""
    return load_pack(pack_but(*changes), "pack.yaml")


def park(kind: str = "waste_gas_outlet", *, tags: dict[str, str] | None = None, **outlet: Any) -> Park:
    """Of one source ``acme.S`` with tags ``quantity: unit``, whose ids are their quantities."""
    made = {"nmhc": "mg/m3"} if tags is None else tags
    source: dict[str, Any] = {
        "id": "S",
        "kind": kind,
        "position": [120, 30],
        "outlet": outlet,
        "tags": [{"id": quantity, "quantity": quantity, "unit": unit} for quantity, unit in made.items()],
    }
    acme = {"id": "acme", "name": "Acme", "sources": [source]}
    return Park.model_validate({"id": "park", "name": "Park", "enterprises": [acme]})


def book(*packs: Pack, confirmed: tuple[Confirmation, ...] = (), **given: Any) -> LimitBook:
    """Of `park`."""
    return LimitBook(park(**given), packs, confirmed)


def at(text: str) -> int:
    """Epoch microseconds of ``2026-02-28T23:59:59.999999+08:00``."""
    seconds = datetime.fromisoformat(text).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (seconds.days * 86_400 + seconds.seconds) * 1_000_000 + seconds.microseconds
