"""What judgement must know about an outlet (排放口), a fence-line point (厂界监测点) or an air station.

How it measures, which limits hold there, and which of its tags serve the others.

The section ``outlet`` of a source of the park file. Facts of the place only; the limits of the standards are in the
limit packs (deploy/docs/limits.md), the arithmetic in ``rules/emissions``.
"""

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from park import units

#: ``GB 31572-2015/table-5``: one table. ``GB 31572-2015``: the tables of that version that fit the outlet.
#: ``GB 3095``: whichever version was in force at the time of the data.
_STANDARD = re.compile(
    r"(?P<standard>[A-Z]{2,3}[0-9]{0,2}(?:/T)?[ /](?P<number>[0-9]+(?:\.[0-9]+)?)(?:-(?P<version>[0-9]{4}|[89][0-9]))?)"
    r"(?:/(?P<table>table-[a-z0-9][a-z0-9.-]*))?"
)
#: Over what a limit is a mean: an instant (any single value), an hour or a day of fixed UTC+08:00.
Basis = Literal["instant", "hour", "day"]
#: A condition that rows of the limit packs name, ``process_heater`` for one.
Condition = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
QuantityWord = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
TagId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


def _known_unit(unit: str) -> str:
    units.parse(unit)
    return unit


Unit = Annotated[str, AfterValidator(_known_unit)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StandardRef(NamedTuple):
    """A parsed entry of ``standards``: ``standard`` as written, without the table."""

    standard: str
    #: True where the year is named: that version alone.
    dated: bool
    table: str | None


def parse_standard(text: str) -> StandardRef:
    """Raises ValueError where ``text`` is not of the form ``GB 31572-2015/table-5``."""
    found = _STANDARD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no standard; write for example GB 31572-2015/table-5, GB 31572-2015, GB 3095")
    return StandardRef(found["standard"], found["version"] is not None, found["table"])


def _standard(text: str) -> str:
    parse_standard(text)
    return text


class Role(StrEnum):
    """What a tag of an outlet serves besides being measured. The word is the quantity that has the role by default."""

    FLOW = "flow"  # 流量
    OXYGEN = "oxygen"  # 含氧量
    HUMIDITY = "humidity"  # 烟气湿度
    TEMPERATURE = "temperature"  # 烟气温度
    PRESSURE = "pressure"  # 烟气静压


class Roles(_Model):
    """Ids of the source's tags that have a role. None: the source's tag whose quantity is the role's word."""

    #: Flow of waste gas or waste water: weight of means, and what amounts are reckoned with.
    flow: TagId | None = None
    #: Oxygen, % by volume in dry gas: conversion to reference oxygen (折算).
    oxygen: TagId | None = None
    #: Water vapour, % by volume: wet to dry.
    humidity: TagId | None = None
    #: Gas temperature and static pressure: to standard state (273.15 K, 101.325 kPa).
    temperature: TagId | None = None
    pressure: TagId | None = None


class _Dated(_Model):
    #: Number of the discharge permit (排污许可证).
    permit: str = Field(min_length=1)
    #: First and last day (fixed UTC+08:00) on which it holds; without ``valid_to`` it has no end.
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _span(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"valid_from {self.valid_from} is after valid_to {self.valid_to}")
        return self

    def overlaps(self, other: "_Dated") -> bool:
        """Whether there is a day on which both hold."""
        return (other.valid_to is None or self.valid_from <= other.valid_to) and (
            self.valid_to is None or other.valid_from <= self.valid_to
        )


class PermitLimit(_Dated):
    """A limit of the discharge permit. It takes the place of the standards' for its quantity and basis."""

    quantity: QuantityWord
    basis: Basis
    #: The highest value allowed, in ``unit``; a value above it exceeds. A mass rate (kg/h) limits the emission rate.
    limit: float
    #: The lowest value allowed, for pH.
    lower: float | None = None
    unit: Unit

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.lower is not None and self.lower >= self.limit:
            raise ValueError(f"lower {self.lower:g} is not below limit {self.limit:g}")
        return self


class Amount(_Dated):
    """A permitted amount (许可排放量) of one pollutant from this outlet in a calendar month or year of UTC+08:00."""

    quantity: QuantityWord
    amount: float = Field(gt=0)
    unit: Literal["t", "kg"]
    per: Literal["month", "year"]

    @property
    def kg(self) -> float:
        """The amount in kg."""
        return self.amount * 1000 if self.unit == "t" else self.amount


class Outlet(_Model):
    """The facts of one outlet or station. Every default is what holds where the park file is silent."""

    #: The gas comes from burning: values are converted to the reference oxygen content of the table they are held to.
    combustion: bool = False
    #: Oxygen content that concentrations are converted to (基准氧含量), % by volume, dry, where the table names none.
    reference_oxygen: float | None = Field(default=None, ge=0, lt=21)
    #: In its place: the standard's excess-air coefficient (过量空气系数), as in HJ 212-2017 Annex D.
    excess_air: float | None = Field(default=None, ge=1, le=20)
    #: Whether concentrations are measured in dry or in wet gas (干基, 湿基), ...
    measured_as: Literal["dry", "wet"] = "dry"
    #: ... and are already reported at standard state (标态: 273.15 K, 101.325 kPa).
    standard_state: bool = True
    #: The same of the flow.
    flow_measured_as: Literal["dry", "wet"] = "dry"
    flow_standard_state: bool = True
    #: Above ground; tables of emission rates go by it.
    stack_height_m: float | None = Field(default=None, gt=0, le=500)
    #: The place lies where special limits (特别排放限值) hold: where a standard has both, they replace the general.
    special_limits: bool = False
    #: Class of the area by GB 3095 (环境空气功能区).
    air_class: Literal[1, 2] = 2
    #: The standards, or single tables of them, that hold here. An air station without any is held to GB 3095.
    standards: tuple[Annotated[str, AfterValidator(_standard)], ...] = ()
    #: What rows of those tables ask for: the kind of process, the grade, the notes of the table that apply.
    conditions: tuple[Condition, ...] = ()
    permit_limits: tuple[PermitLimit, ...] = ()
    amounts: tuple[Amount, ...] = ()
    roles: Roles = Roles()
    #: Rules by which minutes, hours and days are valid, where not those of the source's kind; a preset's name.
    validity: Condition | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise OutletInvalid(faults)
        return self

    def _faults(self) -> "list[_Fault]":
        faults: list[_Fault] = []
        if self.reference_oxygen is not None and self.excess_air is not None:
            faults.append((("excess_air",), "give reference_oxygen or excess_air, one of them"))
        for i, limit in enumerate(self.permit_limits):
            for other in self.permit_limits[:i]:
                if _same_thing(limit, other) and limit.overlaps(other):
                    words = f"two permit limits for {limit.quantity} by the {limit.basis} hold at once"
                    faults.append((("permit_limits", i), words + "; end the older with valid_to"))
        for i, amount in enumerate(self.amounts):
            for earlier in self.amounts[:i]:
                if (amount.quantity, amount.per) == (earlier.quantity, earlier.per) and amount.overlaps(earlier):
                    words = f"two amounts of {amount.quantity} by the {amount.per} hold at once"
                    faults.append((("amounts", i), words + "; end the older with valid_to"))
        return faults


def _same_thing(one: PermitLimit, other: PermitLimit) -> bool:
    """Concentration and rate of one quantity may both be limited."""
    same = (one.quantity, one.basis) == (other.quantity, other.basis)
    return same and units.parse(one.unit).dimensionality == units.parse(other.unit).dimensionality


_Fault = tuple[tuple[int | str, ...], str]


class OutletInvalid(ValueError):
    """``places``: of every fault, how it is reached from the model that raised it, and what is wrong."""

    def __init__(self, places: Sequence[_Fault]) -> None:
        super().__init__("; ".join(message for _, message in places))
        self.places = places


#: What holds for sources of an outlet's kind that have no section ``outlet``.
USUAL = Outlet()
#: Standards of an air station that names none: ambient air quality, the version in force at the time of the data.
AIR_STANDARDS = ("GB 3095",)
