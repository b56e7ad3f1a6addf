"""The minutes of each tag as they are judged: as measured, dry at standard state, and at the reference oxygen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from park.outlet import Role
from park.periods import PeriodBatch
from rules.arrays import Bools, Bytes, Floats
from rules.emissions import flags
from rules.emissions.compare import Tolerance
from rules.emissions.convert import (
    flow_to_dry,
    flow_to_standard_state,
    scaled,
    to_dry,
    to_reference_oxygen,
    to_standard_state,
)
from rules.emissions.flags import Flag
from rules.emissions.minutes import Minutes
from rules.emissions.periods import hour_of
from service.judge.sources import JudgedSource, JudgedTag

_BAROMETER_PA = 101_325.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What hours are made of. Tags are those of the `TagTable`; minutes are sorted by (tag, minute)."""

    minutes: Minutes
    #: Mean of our samples of each minute, NaN where there is none.
    computed: Floats
    #: Whether a mark covers the minute.
    marked: Bools
    #: Hour or day reports of the loggers.
    reports: PeriodBatch
    tolerance: Tolerance

    def of(self, tags: Iterable[JudgedTag]) -> "Inputs":
        """Those of some tags."""
        mine = np.isin(self.minutes.tag, [tag.info.ix for tag in tags])
        return replace(self, minutes=self.minutes.take(mine), computed=self.computed[mine], marked=self.marked[mine])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The minutes of one tag as they are judged, converted where that is called for."""

    source: JudgedSource
    tag: JudgedTag
    minutes: Minutes
    marked: Bools
    #: Flow beside each minute, NaN where that is not valid.
    weight: Floats
    #: As measured; the same object where nothing was converted.
    plain: Minutes
    #: Dry at standard state (标干), which amounts are reckoned with; the same object where it is measured so.
    dry: Minutes


def judged_minutes(source: JudgedSource, inputs: Inputs) -> list[Judged]:
    """Of every tag of one source."""
    own = inputs.of(source.tags)
    return [_judged(source, tag, own) for tag in source.tags]


def _judged(source: JudgedSource, tag: JudgedTag, own: Inputs) -> Judged:
    mine = own.minutes.tag == tag.info.ix
    plain, marked = own.minutes.take(mine), own.marked[mine]
    minutes = dry = plain
    if tag.is_pollutant and len(plain):
        dry = _dry_standard(source, tag, plain, own.minutes)
        minutes = _converted(source, tag, dry, own.minutes)
    elif source.roles.get(Role.FLOW) == tag.info.ix and len(plain):
        dry = _dry_standard_flow(source, tag, plain, own.minutes)
    weight = np.full(len(minutes), np.nan)
    if tag.validity.weighting == "flow":
        flow, flow_flag = _companion(source, Role.FLOW, minutes, own.minutes)
        weight = np.where(flags.is_in(flow_flag, tag.validity.valid_flags), flow, np.nan)
    return Judged(source=source, tag=tag, minutes=minutes, marked=marked, weight=weight, plain=plain, dry=dry)


def _converted(source: JudgedSource, tag: JudgedTag, minutes: Minutes, all_minutes: Minutes) -> Minutes:
    """At the reference oxygen of the limit that is in force in each hour."""
    hours = hour_of(minutes.minute_us)
    rules = {hour: tag.oxygen_rule(hour, source.outlet) for hour in np.unique(hours).tolist()}
    converting = {rule for rule in rules.values() if rule.converts}
    if not converting:
        return minutes
    o2, o2_flag = _companion(source, Role.OXYGEN, minutes, all_minutes)
    value, flag = minutes.value.copy(), minutes.flag.copy()
    for rule in converting:
        here = np.isin(hours, [hour for hour, one in rules.items() if one == rule])
        done = to_reference_oxygen(minutes.take(here), o2[here], o2_flag[here], rule, tag.validity).minutes
        value[here], flag[here] = done.value, done.flag
    return replace(minutes, value=value, flag=flag)


def _dry_standard(source: JudgedSource, tag: JudgedTag, minutes: Minutes, all_minutes: Minutes) -> Minutes:
    """A concentration in dry gas at standard state, where the outlet says that it is not measured so."""
    outlet, one = source.outlet, np.ones(len(minutes))
    if not outlet.standard_state:
        celsius, gauge_pa, beside = _state(source, minutes, all_minutes)
        factor = to_standard_state(one, celsius, gauge_pa, one * _BAROMETER_PA)
        minutes = scaled(minutes, factor, beside, tag.validity).minutes
    if outlet.measured_as == "wet":
        moisture, m_flag = _companion(source, Role.HUMIDITY, minutes, all_minutes)
        minutes = scaled(minutes, to_dry(one, moisture), [m_flag], tag.validity).minutes
    return minutes


def _dry_standard_flow(source: JudgedSource, tag: JudgedTag, minutes: Minutes, all_minutes: Minutes) -> Minutes:
    """The same of a flow (标干流量)."""
    outlet, one = source.outlet, np.ones(len(minutes))
    if not outlet.flow_standard_state:
        celsius, gauge_pa, beside = _state(source, minutes, all_minutes)
        factor = flow_to_standard_state(one, celsius, gauge_pa, one * _BAROMETER_PA)
        minutes = scaled(minutes, factor, beside, tag.validity).minutes
    if outlet.flow_measured_as == "wet":
        moisture, m_flag = _companion(source, Role.HUMIDITY, minutes, all_minutes)
        minutes = scaled(minutes, flow_to_dry(one, moisture), [m_flag], tag.validity).minutes
    return minutes


def _state(source: JudgedSource, minutes: Minutes, all_minutes: Minutes) -> tuple[Floats, Floats, list[Bytes]]:
    """Temperature (°C) and static pressure (Pa) beside each minute, and the flags of both."""
    celsius, t_flag = _companion(source, Role.TEMPERATURE, minutes, all_minutes)
    kilopascal, p_flag = _companion(source, Role.PRESSURE, minutes, all_minutes)
    return celsius, kilopascal * 1000.0, [t_flag, p_flag]


def _companion(source: JudgedSource, role: Role, minutes: Minutes, all_minutes: Minutes) -> tuple[Floats, Bytes]:
    ix = source.roles.get(role)
    if ix is None:
        return np.full(len(minutes), np.nan), np.full(len(minutes), Flag.MISSING, np.uint8)
    return all_minutes.look_up(np.full(len(minutes), ix, np.int32), minutes.minute_us)
