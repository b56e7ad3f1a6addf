"""A park of two data loggers, and frames of it."""

from collections.abc import Mapping

import numpy as np

from park.index import TagTable
from park.model import Park
from simulators.frame import Frame
from simulators.hj212_config import FleetConfig, LoggerConfig
from simulators.hj212_loggers import LoggerFleet
from simulators.hj212_outbox import Outgoing

GAS, WATER = "330604000010000000DA0002", "330604000010000000DE0002"
_S = 1_000_000
#: Nine in the morning in China, on the hour.
NINE_US = 1_794_272_400 * _S

_TAGS = {
    "so2": ("a21026-Rtd", "sulfur_dioxide", "mg/m3", (0, 300)),
    "o2": ("a19001", "oxygen", "%", (0, 25)),
    "flow": ("a00000-Rtd", "flow", "m3/h", (0, 50_000)),
    "so2_converted": ("a21026-ZsRtd", "sulfur_dioxide", "mg/m3", (0, 600)),
}
_WATER = {
    "cod": ("w01018", "cod", "mg/L", (0, 1000)),
    "ph": ("w01001", "ph", "pH", (0, 14)),
    "flow": ("w00000", "flow", "m3/h", (0, 500)),
    "pump": ("SB1-RS", "state", "", None),
}
DA002, DW002 = "works.DA002", "works.DW002"


def _source(name: str, kind: str, mn: str, tags: Mapping[str, tuple[str, str, str, object]]) -> dict[str, object]:
    rows = [
        {
            "id": tag,
            "quantity": quantity,
            "unit": unit,
            "span": span,
            "from": {"connector": "hj212", "address": address},
        }
        for tag, (address, quantity, unit, span) in tags.items()
    ]
    return {
        "id": name,
        "kind": kind,
        "position": [120.87, 30.15],
        "from": {"connector": "hj212", "device": mn},
        "tags": rows,
    }


def park() -> Park:
    sources = [
        {**_source("DA002", "waste_gas_outlet", GAS, _TAGS), "outlet": {"reference_oxygen": 3}},
        _source("DW002", "waste_water_outlet", WATER, _WATER),
    ]
    return Park.model_validate(
        {"id": "park", "name": "p", "enterprises": [{"id": "works", "name": "w", "sources": sources}]}
    )


class Plant:
    """Shows what it is told to; the fleet's loggers have no host."""

    def __init__(self, *, gas: LoggerConfig | None = None, **fleet: object) -> None:
        self.table = TagTable(park())
        loggers = {GAS: gas} if gas else {}
        self.fleet = LoggerFleet(FleetConfig.model_validate({"loggers": loggers, **fleet}), self.table)
        self.value = np.zeros(self.table.size)
        self.quality = np.zeros(self.table.size, np.uint8)
        self.present = np.ones(self.table.size, np.bool_)
        self.skew_us = 0
        self.set(f"{DA002}.so2", 20.0)
        self.set(f"{DA002}.o2", 5.5)
        self.set(f"{DA002}.flow", 3600.0)
        self.set(f"{DW002}.cod", 100.0)
        self.set(f"{DW002}.ph", 7.5)
        self.set(f"{DW002}.flow", 36.0)
        self.set(f"{DW002}.pump", 1.0)

    def ix(self, tag: str) -> int:
        return self.table.ix_of[tag]

    def set(self, tag: str, value: float, quality: int = 0) -> None:
        self.value[self.ix(tag)], self.quality[self.ix(tag)] = value, quality

    def frame(self, now_us: int) -> Frame:
        return Frame(
            now_us=now_us,
            live=True,
            value=self.value.copy(),
            quality=self.quality.copy(),
            time_us=np.full(self.table.size, now_us + self.skew_us),
            present=self.present.copy(),
            copies=np.ones(self.table.size, np.int32),
        )

    async def show(self, now_us: int) -> None:
        await self.fleet.show(self.frame(now_us), lambda: now_us)

    async def run(self, from_us: int, to_us: int, every_us: int = 5 * _S) -> None:
        for now_us in range(from_us, to_us, every_us):
            await self.show(now_us)

    def said(self, mn: str, cn: int) -> list[Outgoing]:
        logger = next(one.logger for one in self.fleet.loggers if one.logger.mn == mn)
        return [one for one in logger.outbox._waiting if one.cn == cn]


def pairs(one: Outgoing) -> dict[str, str]:
    """Everything in an upload, by name."""
    return {name: value for part in one.parts for group in part for name, value in group}
