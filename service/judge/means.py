"""Hours, days and months: from what the tables hold to `MeanRows`, by the arithmetic of ``rules/emissions``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.outlet import Role
from park.periods import PeriodBatch
from rules.arrays import Bools, Bytes, Floats, Ints
from rules.emissions import flags
from rules.emissions.compare import Tolerance, compare
from rules.emissions.convert import scaled as scaled_minutes
from rules.emissions.convert import to_dry, to_reference_oxygen, to_standard_state
from rules.emissions.days import day_means, month_means
from rules.emissions.flags import Flag
from rules.emissions.groups import keys
from rules.emissions.hours import hour_means
from rules.emissions.means import Judgement, Means, Status
from rules.emissions.minutes import Minutes, Origin
from rules.emissions.periods import DAY_US, HOUR_US, hour_of, next_month
from rules.emissions.validity import Validity
from service.judge.records import MeanRows, Period, concat_rows, nothing_reported
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


def converted_minutes(source: JudgedSource, tag: JudgedTag, inputs: Inputs) -> tuple[Minutes, Bools, Bools]:
    """The minutes of one tag as they are judged, whether each is marked, and whether it was converted at all."""
    mine = inputs.minutes.tag == tag.info.ix
    minutes, marked = inputs.minutes.take(mine), inputs.marked[mine]
    converted = np.zeros(len(minutes), np.bool_)
    if not tag.is_pollutant or not len(minutes):
        return minutes, marked, converted
    minutes = _dry_standard(source, tag, minutes, inputs.minutes)
    o2, o2_flag = _companion(source, Role.OXYGEN, minutes, inputs.minutes)
    hours = hour_of(minutes.minute_us)
    rules = {int(hour): tag.oxygen_rule(int(hour), source.outlet) for hour in np.unique(hours)}
    for rule in {rule for rule in rules.values() if rule.converts}:
        here = np.isin(hours, [hour for hour, one in rules.items() if one == rule])
        done = to_reference_oxygen(minutes.take(here), o2[here], o2_flag[here], rule, tag.validity).minutes
        value, flag = minutes.value.copy(), minutes.flag.copy()
        value[here], flag[here] = done.value, done.flag
        minutes = replace(minutes, value=value, flag=flag)
        converted |= here
    return minutes, marked, converted


def _dry_standard(source: JudgedSource, tag: JudgedTag, minutes: Minutes, all_minutes: Minutes) -> Minutes:
    """To dry gas at standard state, where the outlet says that it is not measured so."""
    outlet = source.outlet
    if not outlet.standard_state:
        celsius, t_flag = _companion(source, Role.TEMPERATURE, minutes, all_minutes)
        kilopascal, p_flag = _companion(source, Role.PRESSURE, minutes, all_minutes)
        factor = to_standard_state(
            np.ones(len(minutes)), celsius, kilopascal * 1000.0, np.full(len(minutes), _BAROMETER_PA)
        )
        minutes = scaled_minutes(minutes, factor, [t_flag, p_flag], tag.validity).minutes
    if outlet.measured_as == "wet":
        moisture, m_flag = _companion(source, Role.HUMIDITY, minutes, all_minutes)
        minutes = scaled_minutes(minutes, to_dry(np.ones(len(minutes)), moisture), [m_flag], tag.validity).minutes
    return minutes


def _companion(source: JudgedSource, role: Role, minutes: Minutes, all_minutes: Minutes) -> tuple[Floats, Bytes]:
    ix = source.roles.get(role)
    if ix is None:
        return np.full(len(minutes), np.nan), np.full(len(minutes), Flag.MISSING, np.uint8)
    return all_minutes.look_up(np.full(len(minutes), ix, np.int32), minutes.minute_us)


def hour_rows(source: JudgedSource, hours_us: Ints, inputs: Inputs) -> MeanRows:
    """The hours (starts) of all tags of one source, those without any minute too; sorted by (tag, start)."""
    flow = _flow_hours(source, hours_us, inputs)
    return concat_rows(_hours_of(source, tag, hours_us, inputs, flow) for tag in source.tags)


def _flow_hours(source: JudgedSource, hours_us: Ints, inputs: Inputs) -> tuple[Floats, Bools] | None:
    """Mean flow of each hour, m3/h, and whether it is valid."""
    tag = next((one for one in source.tags if one.info.ix == source.roles.get(Role.FLOW)), None)
    if tag is None or tag.flow_factor is None:
        return None
    found = _hour_means(tag.info.ix, tag.validity, inputs.minutes, inputs.marked, hours_us, None)
    return found.every.mean * tag.flow_factor, found.every.valid


def _hour_means(
    ix: int, validity: Validity, minutes: Minutes, marked: Bools, hours_us: Ints, weight: Floats | None
) -> Means:
    mine = minutes.tag == ix
    rows = np.full(len(hours_us), ix, np.int32), hours_us
    return hour_means(minutes.take(mine), validity, marked=marked[mine], weight=weight, rows=rows)


def _hours_of(
    source: JudgedSource, tag: JudgedTag, hours_us: Ints, inputs: Inputs, flow: tuple[Floats, Bools] | None
) -> MeanRows:
    ix, validity = tag.info.ix, tag.validity
    judged, marked, converted = converted_minutes(source, tag, inputs)
    weight, weight_flag = _companion(source, Role.FLOW, judged, inputs.minutes)
    weight = np.where(flags.is_in(weight_flag, validity.valid_flags), weight, np.nan)
    means = _hour_means(ix, validity, judged, marked, hours_us, weight)
    plain = means if not converted.any() else _measured(ix, tag, inputs, hours_us)
    amount, amount_hours = _amounts(tag, plain, flow)
    own = inputs.minutes.tag == ix
    differ = _minutes_differ(inputs, own, hours_us, ix)
    return MeanRows(
        **(_columns(means) | _what_is_there(means, plain)),
        measured=plain.every.mean,
        measured_status=plain.every.status.astype(np.int32),
        converted=np.full(len(means), bool(converted.any())),
        amount_kg=amount,
        amount_hours=amount_hours,
        minutes_differ=differ,
        **_held_against(means, plain, inputs.reports, 3_600, inputs.tolerance),
    )


def _measured(ix: int, tag: JudgedTag, inputs: Inputs, hours_us: Ints) -> Means:
    return _hour_means(ix, tag.validity, inputs.minutes, inputs.marked, hours_us, None)


def _what_is_there(judged: Means, plain: Means) -> dict[str, Any]:
    """Flag and counts are of what came; what could not be converted is invalid, not missing."""
    there = plain.present > 0

    def status(found: Judgement) -> NDArray[np.int32]:
        return np.where(there & (found.status == Status.MISSING), Status.INVALID, found.status).astype(np.int32)

    return {
        "status": status(judged.every),
        "unmarked_status": status(judged.unmarked),
        "flag": plain.flag.astype(np.int32),
        "present": plain.present,
        "normal": plain.normal,
        "stopped": plain.stopped,
    }


def _columns(means: Means) -> dict[str, Any]:
    def ints(column: NDArray[np.generic]) -> NDArray[np.int32]:
        return column.astype(np.int32)

    return {
        "tag": means.tag,
        "start_us": means.start_us,
        "value": means.every.mean,
        "low": means.every.min,
        "high": means.every.max,
        "status": ints(means.every.status),
        "parts": ints(means.every.parts),
        "flag": ints(means.flag),
        "unmarked": means.unmarked.mean,
        "unmarked_status": ints(means.unmarked.status),
        "flow": means.weight,
        "present": ints(means.present),
        "normal": ints(means.normal),
        "stopped": ints(means.stopped),
        "marked": ints(means.marked),
        "late": ints(means.late),
        "refilled": ints(means.refilled),
    }


def _amounts(tag: JudgedTag, plain: Means, flow: tuple[Floats, Bools] | None) -> tuple[Floats, NDArray[np.int32]]:
    """kg of each hour: valid concentration as measured times valid flow (HJ 212-2017 Annex D)."""
    n = len(plain)
    if flow is None or tag.amount_factor is None or not tag.is_pollutant:
        return np.full(n, np.nan), np.zeros(n, np.int32)
    known = plain.every.valid & flow[1]
    kg = np.where(known, plain.every.mean * flow[0] * tag.amount_factor, np.nan)
    return kg, known.astype(np.int32)


def _minutes_differ(inputs: Inputs, own: Bools, hours_us: Ints, ix: int) -> NDArray[np.int32]:
    """Minutes of each hour in which the mean of our samples and the logger's own differ."""
    minutes, ours = inputs.minutes.take(own), inputs.computed[own]
    told = (minutes.origin == Origin.LOGGER) & np.isfinite(ours)
    larger = np.fmax(np.abs(ours), np.abs(minutes.value))
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - minutes.value) > np.fmax(inputs.tolerance.absolute, inputs.tolerance.relative * larger)
    hours = hour_of(minutes.minute_us[told & apart])
    at = np.searchsorted(hours_us, hours)
    inside = at < len(hours_us)
    inside[inside] = hours_us[at[inside]] == hours[inside]
    return np.bincount(at[inside], minlength=len(hours_us)).astype(np.int32)


def _held_against(
    judged: Means, plain: Means, reports: PeriodBatch, length_s: int, tolerance: Tolerance
) -> dict[str, Any]:
    """Our means as measured against the logger's Avg; where it gives none, the converted against its ZsAvg."""
    found = nothing_reported(len(judged))
    there = np.flatnonzero(reports.length_s == length_s)
    if not len(there):
        return found
    have, wanted = keys(reports.tag[there], reports.start_us[there]), keys(judged.tag, judged.start_us)
    at = {key: int(there[i]) for i, key in enumerate(have.tolist())}
    rows = [(i, at[key]) for i, key in enumerate(wanted.tolist()) if key in at]
    if not rows:
        return found
    i, r = np.array(rows, np.intp).T
    flag = flags.from_ascii(reports.flag[r])
    avg, zs = reports.avg[r], reports.zs_avg[r]
    by_zs = ~np.isfinite(avg)
    ours = np.where(by_zs, judged.every.mean[i], plain.every.mean[i])
    valid = np.where(by_zs, judged.every.valid[i], plain.every.valid[i])
    verdict = compare(ours, valid, np.where(by_zs, zs, avg), flag == Flag.N, tolerance)
    found["reported"][i], found["reported_zs"][i] = avg, zs
    found["reported_flag"][i] = [flags.letter(one) for one in flag]
    found["verdict"][i], found["verdict_reason"][i] = verdict.verdict, verdict.reason
    return found


def longer_rows(
    tags: Sequence[JudgedTag],
    shorter: MeanRows,
    period: Period,
    rows: Mapping[int, Ints],
    reports: PeriodBatch,
    tolerance: Tolerance,
) -> MeanRows:
    """Days of hours, or months of days. ``rows``: of each tag (index) the starts wanted."""
    parts: Iterable[MeanRows] = (
        _longer_of(tag, shorter.take(shorter.tag == tag.info.ix), period, rows[tag.info.ix], reports, tolerance)
        for tag in tags
        if tag.info.ix in rows
    )
    return concat_rows(parts)


def _longer_of(
    tag: JudgedTag, shorter: MeanRows, period: Period, starts: Ints, reports: PeriodBatch, tolerance: Tolerance
) -> MeanRows:
    wanted = np.full(len(starts), tag.info.ix, np.int32), starts
    means_of = day_means if period == "day" else month_means
    means = means_of(_means(shorter, judged=True), tag.validity, rows=wanted)
    plain = means_of(_means(shorter, judged=False), tag.validity, rows=wanted)
    at = np.searchsorted(means.start_us, shorter.start_us, side="right") - 1
    n = len(means)
    inside = (at >= 0) & (shorter.start_us < _ends(means.start_us, period)[np.maximum(at, 0)]) if n else at >= 0
    known = inside & np.isfinite(shorter.amount_kg)
    hours = np.bincount(at[inside], weights=shorter.amount_hours[inside], minlength=n).astype(np.int32)
    kg = np.bincount(at[known], weights=shorter.amount_kg[known], minlength=n)
    compared = _held_against(means, plain, reports, 86_400, tolerance) if period == "day" else nothing_reported(n)
    return MeanRows(
        **_columns(means),
        measured=plain.every.mean,
        measured_status=plain.every.status.astype(np.int32),
        converted=np.full(n, bool(shorter.converted.any())),
        amount_kg=np.where(hours > 0, kg, np.nan),
        amount_hours=hours,
        minutes_differ=np.bincount(at[inside], weights=shorter.minutes_differ[inside], minlength=n).astype(np.int32),
        **compared,
    )


def _ends(starts: Ints, period: Period) -> Ints:
    return starts + DAY_US if period == "day" else next_month(starts)


def _means(rows: MeanRows, *, judged: bool) -> Means:
    """The parts of longer periods as the arithmetic takes them."""
    n = len(rows)
    mean, status = (rows.value, rows.status) if judged else (rows.measured, rows.measured_status)
    unmarked, unmarked_status = (rows.unmarked, rows.unmarked_status) if judged else (mean, status)

    def one(value: Floats, state: NDArray[np.int32]) -> Judgement:
        return Judgement(
            mean=value,
            min=rows.low,
            max=rows.high,
            parts=rows.parts,
            valid=state == Status.VALID,
            status=state.astype(np.uint8),
            weighted=np.zeros(n, np.bool_),
        )

    return Means(
        tag=rows.tag,
        start_us=rows.start_us,
        every=one(mean, status),
        unmarked=one(unmarked, unmarked_status),
        flag=rows.flag.astype(np.uint8),
        weight=rows.flow,
        present=rows.present,
        normal=rows.normal,
        stopped=rows.stopped,
        marked=rows.marked,
        late=rows.late,
        refilled=rows.refilled,
    )


__all__ = ["HOUR_US", "Inputs", "converted_minutes", "hour_rows", "longer_rows"]
