"""Major hazard installations (重大危险源): identification and grade by GB 18218-2018."""

import json
import math
from collections.abc import Iterable
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Grade(IntEnum):
    """GB 18218-2018, Table 6: 1 (一级) is the worst."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4


@cache
def _tables() -> dict[str, dict[str, float]]:
    loaded: dict[str, dict[str, float]] = json.loads(files("park").joinpath("gb18218.json").read_text("utf-8"))
    return loaded


class Chemical(BaseModel):
    """One chemical of a unit. Its critical quantity comes from Table 1 by name, else from Table 2 by class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: As in Table 1, lower case with underscores (``ethylene_oxide``); any name where ``hazard_class`` is given.
    name: str
    #: Design maximum quantity, tonnes (4.2.2).
    q_t: float = Field(gt=0, allow_inf_nan=False)
    #: Table 2 classes, ``W5.3``, ``J2``; several: the one with the lowest critical quantity decides.
    hazard_class: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> "Chemical":
        tables = _tables()
        for hazard_class in self.hazard_class:
            if hazard_class not in tables["critical_t_by_class"]:
                known = ", ".join(tables["critical_t_by_class"])
                raise ValueError(f"hazard_class {hazard_class!r} is not in GB 18218-2018 Table 2; known: {known}")
        if self.name not in tables["critical_t_by_name"] and not self.hazard_class:
            raise ValueError(f"{self.name!r} is not in our GB 18218-2018 Table 1; give its hazard_class (Table 2)")
        return self

    @property
    def critical_t(self) -> float:
        """Q, tonnes (Tables 1 and 2)."""
        tables = _tables()
        if self.name in tables["critical_t_by_name"]:
            return tables["critical_t_by_name"][self.name]
        return min(tables["critical_t_by_class"][one] for one in self.hazard_class)

    @property
    def beta(self) -> float:
        """Correction factor: Table 3 by name of a toxic gas, else Table 4 by class; 1 for flammables of Table 1."""
        tables = _tables()
        if self.name in tables["beta_by_name"]:
            return tables["beta_by_name"][self.name]
        betas = [tables["beta_by_class"][one] for one in self.hazard_class]
        return max(betas, default=1.0)


class Assessment(NamedTuple):
    """What the standard's formulas give for a unit."""

    #: S = Σ q/Q; a major hazard installation where S >= 1 (4.2.2).
    s: float
    #: R = α Σ β q/Q (4.3).
    r: float
    alpha: float
    #: None where S < 1.
    grade: Grade | None


def alpha(population_500m: int) -> float:
    """GB 18218-2018, Table 5."""
    for at_least, factor in ((100, 2.0), (50, 1.5), (30, 1.2), (1, 1.0)):
        if population_500m >= at_least:
            return factor
    return 0.5


def grade_of(r: float) -> Grade:
    """GB 18218-2018, Table 6."""
    for at_least, grade in ((100.0, Grade.FIRST), (50.0, Grade.SECOND), (10.0, Grade.THIRD)):
        if r >= at_least:
            return grade
    return Grade.FOURTH


def _sum(terms: Iterable[float]) -> float:
    # 0.6 + 0.3 + 0.1 falls short of 1 in binary; a unit that is just on a limit must not slip below it.
    return round(math.fsum(terms), 9)


def assess(chemicals: tuple[Chemical, ...], population_500m: int) -> Assessment:
    """S, R and the grade of one unit from its design maximum quantities (GB 18218-2018, 4.2.2 and 4.3)."""
    s = _sum(one.q_t / one.critical_t for one in chemicals)
    factor = alpha(population_500m)
    r = _sum(factor * one.beta * one.q_t / one.critical_t for one in chemicals)
    return Assessment(s=s, r=r, alpha=factor, grade=grade_of(r) if s >= 1 else None)
