"""Reported means, telegrams and notes as the tests make them."""

from typing import Any

from connectors.base import RawFrame
from park.periods import PeriodBatch
from service.store.notes import Note
from tests.unit.service.making import NOON_US

NAN = float("nan")


def period(
    tag: int, start_us: int, avg: float, *, length_s: int = 60, flag: str = "N", asked: bool = False
) -> PeriodBatch:
    """One reported mean."""
    numbers: dict[str, Any] = {name: [NAN] for name in ("min", "max", "cou", "zs_avg", "zs_min", "zs_max")}
    columns: dict[str, Any] = {
        "tag": [tag],
        "length_s": [length_s],
        "start_us": [start_us],
        "avg": [avg],
        "flag": [ord(flag) if flag else 0],
        "asked": [asked],
    }
    return PeriodBatch(**columns, **numbers)


def frame(text: str, device: str = "MN1", enterprise: str = "zeta") -> RawFrame:
    """One telegram."""
    return RawFrame(enterprise=enterprise, device=device, data=text.encode())


def note(id_: str, kind: str = "device_command", **fields: Any) -> Note:
    """One note."""
    usual: dict[str, Any] = {
        "at_us": NOON_US,
        "by": "wang",
        "enterprise": "zeta",
        "subject": "hj212/MN1",
        "body": '{"cn": "1012"}',
    }
    return Note(id=id_, kind=kind, **(usual | fields))
