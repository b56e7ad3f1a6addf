"""Faults of instruments and links, laid over what the plant does: frozen, biased, bad, silent, skewed, stormy."""

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo, TagTable
from park.quality import HJ212_FLAGS, Detail, Quality, quality_byte
from simulators.faults import (
    BadQuality,
    Bias,
    Calibration,
    ClockSkew,
    DropOut,
    Fault,
    Frozen,
    Maintenance,
    ServerRestart,
    Storm,
    WireFault,
)
from simulators.frame import Frame

_BAD = quality_byte(Quality.BAD, Detail.SENSOR_FAILURE)
_DOUBTFUL = quality_byte(Quality.UNCERTAIN, Detail.SENSOR_NOT_ACCURATE)
#: Of the range, what span gas reads in a calibration.
_SPAN_GAS = 0.8
_ON_TAGS = Frozen | Bias | BadQuality | Calibration | Maintenance | DropOut | ClockSkew | Storm


def _names(info: TagInfo) -> tuple[str, ...]:
    connector = info.from_.connector if info.from_ else ""
    return info.id, info.source_id, info.enterprise, info.device, connector


def tags_of(table: TagTable, target: str) -> NDArray[np.intp]:
    """Indices of the tags that a fault's target names. Raises ValueError where it names none."""
    found = [info.ix for info in table.infos if target in _names(info)]
    if not found:
        raise ValueError(f"{target!r} is no tag, source, enterprise, device or connector of park {table.park.id!r}")
    return np.array(found, np.intp)


class Overlay:
    """Applies the faults that act on tags. Keeps what a frozen tag showed last."""

    def __init__(self, table: TagTable) -> None:
        self._table = table
        self._faults: list[tuple[Fault, NDArray[np.intp]]] = []
        self._restarts: list[ServerRestart] = []
        self._wire: list[tuple[WireFault, frozenset[int]]] = []
        self._held: dict[int, NDArray[np.float64]] = {}

    def add(self, fault: Fault) -> None:
        """Faults of other kinds are ignored. Raises ValueError where the target names nothing."""
        if isinstance(fault, ServerRestart):
            known = sorted({info.from_.connector for info in self._table.infos if info.from_})
            if fault.target not in known:
                raise ValueError(f"server_restart: {fault.target!r} is no connector; known: {', '.join(known)}")
            self._restarts.append(fault)
        elif isinstance(fault, WireFault):
            self._wire.append((fault, frozenset(tags_of(self._table, fault.target).tolist())))
        elif isinstance(fault, _ON_TAGS):
            self._faults.append((fault, tags_of(self._table, fault.target)))

    def absent(self, connector: str, since_start_us: int) -> bool:
        """Whether the connector's server is away."""
        return any(one.target == connector and one.active(since_start_us) for one in self._restarts)

    def on_the_wire(self, since_start_us: int) -> tuple[tuple[WireFault, frozenset[int]], ...]:
        """Faults of data loggers' lines that act then."""
        return tuple((fault, tags) for fault, tags in self._wire if fault.active(since_start_us))

    def apply(self, frame: Frame, since_start_us: int) -> None:
        """Change the frame's arrays in place."""
        for i, (fault, tags) in enumerate(self._faults):
            if not fault.active(since_start_us):
                self._held.pop(i, None)
                continue
            self._one(i, fault, tags, frame, since_start_us - fault.at_us)

    def _one(self, i: int, fault: Fault, tags: NDArray[np.intp], frame: Frame, lasted_us: int) -> None:
        if isinstance(fault, Frozen | Maintenance):
            frame.value[tags] = self._held.setdefault(i, frame.value[tags].copy())
            if isinstance(fault, Maintenance):
                frame.quality[tags] = HJ212_FLAGS["M"]
        elif isinstance(fault, Calibration):
            at_zero = lasted_us < fault.for_us // 2
            frame.value[tags] = 0.0 if at_zero else _SPAN_GAS * self._high(tags)
            frame.quality[tags] = HJ212_FLAGS["C"]
        elif isinstance(fault, Bias):
            frame.value[tags] += fault.size
        elif isinstance(fault, BadQuality):
            frame.quality[tags] = _BAD if fault.quality == "bad" else _DOUBTFUL
        elif isinstance(fault, DropOut):
            frame.present[tags] = False
        elif isinstance(fault, ClockSkew):
            frame.time_us[tags] += round(fault.size * 1e6)
        elif isinstance(fault, Storm):
            frame.copies[tags] = fault.size

    def _high(self, tags: NDArray[np.intp]) -> NDArray[np.float64]:
        spans = [info.tag.span if (info := self._table.by_ix(int(ix))) is not None else None for ix in tags]
        return np.array([span[1] if span else 0.0 for span in spans], np.float64)
