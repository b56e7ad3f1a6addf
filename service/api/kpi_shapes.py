"""Key figures as plain data of answers."""

from dataclasses import asdict
from typing import Any

from rules.kpi.figures import By, Kpi
from service.api.shapes import Names
from service.api.times import rfc3339


def kpi_shape(kpi: Kpi) -> dict[str, Any]:
    """As `service.api.models_kpi.KpiShape`."""
    shape = asdict(kpi)
    del shape["from_us"], shape["to_us"], shape["per_10min"]["norm"], shape["per_day"]["norm"]
    for part, names in _TIMES.items():
        for one in shape[part]:
            for name in names:
                one[name] = rfc3339(one.pop(f"{name}_us"))
    return shape


_TIMES = {"floods": ("begin", "end"), "standing": ("raised",), "chattering": ("first", "last")}


def group_name(by: By, group: str, names: Names) -> str:
    """For people; empty where it has none."""
    if by == "operator":
        return group
    return (names.enterprises if by == "enterprise" else names.sources).get(group, "")
