"""Hours, days and months: from what the tables hold to `MeanRows`, by the arithmetic of ``rules/emissions``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from park.outlet import Role
from park.periods import PeriodBatch
from rules.arrays import Bools, Floats, Ints
from rules.emissions import flags
from rules.emissions.compare import Tolerance, compare
from rules.emissions.days import day_means, month_means
from rules.emissions.flags import Flag
from rules.emissions.groups import keys
from rules.emissions.hours import hour_means
from rules.emissions.means import Judgement, Means, Status
from rules.emissions.minutes import Origin, concat
from rules.emissions.periods import DAY_US, hour_of, next_month
from rules.emissions.validity import Validity
from service.judge.judged import Inputs, Judged
from service.judge.records import MeanRows, Period, concat_rows, nothing_reported
from service.judge.sources import JudgedTag

#: Columns of `Judged`.
_Which = Literal["minutes", "plain", "dry"]


def hour_rows(judged: Sequence[Judged], hours: Mapping[str, Ints], inputs: Inputs) -> MeanRows:
    """The hours (starts, by source) of these tags, those without any minute too; sorted by (tag, start).

    Tags that share a `Validity` are reckoned at once.
    """
    by_validity: dict[Validity, list[Judged]] = {}
    for one in judged:
        by_validity.setdefault(one.tag.validity, []).append(one)
    flow = _flow_hours(judged, hours)
    return concat_rows(_hours_of(validity, some, hours, inputs, flow) for validity, some in by_validity.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """Mean flow of hours, m3/h, NaN where it is not valid; sorted by key of (tag, start)."""

    key: Ints
    flow: Floats

    def of(self, tag: NDArray[np.int32], start_us: Ints) -> Floats:
        """Beside each (flow tag, hour); NaN where the tag is -1."""
        wanted = keys(tag, start_us)
        at = np.minimum(np.searchsorted(self.key, wanted), max(len(self.key) - 1, 0))
        if not len(self.key):
            return np.full(len(tag), np.nan)
        return np.where((tag >= 0) & (self.key[at] == wanted), self.flow[at], np.nan)


def _flow_hours(judged: Sequence[Judged], hours: Mapping[str, Ints]) -> _Flow:
    flows = [
        one for one in judged if one.tag.flow_factor is not None and one.source.roles.get(Role.FLOW) == one.tag.info.ix
    ]
    parts: list[tuple[Ints, Floats]] = []
    for validity in dict.fromkeys(one.tag.validity for one in flows):
        some = [one for one in flows if one.tag.validity == validity]
        means = _hour_means(some, hours, validity, "dry")
        factor_of = {one.tag.info.ix: one.tag.flow_factor or np.nan for one in some}
        factor = np.array([factor_of[ix] for ix in means.tag.tolist()])
        parts.append((keys(means.tag, means.start_us), np.where(means.every.valid, means.every.mean * factor, np.nan)))
    if not parts:
        return _Flow(key=np.empty(0, np.int64), flow=np.empty(0))
    key, flow = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(key)
    return _Flow(key=key[order], flow=flow[order])


def _hour_means(some: Sequence[Judged], hours: Mapping[str, Ints], validity: Validity, which: _Which) -> Means:
    """Of tags that share the validity."""
    starts = [hours[one.source.id] for one in some]
    tag = np.repeat(np.array([one.tag.info.ix for one in some], np.int32), [len(one) for one in starts])
    return hour_means(
        concat([getattr(one, which) for one in some]),
        validity,
        marked=np.concatenate([one.marked for one in some]),
        weight=np.concatenate([one.weight for one in some]) if validity.weighting == "flow" else None,
        rows=(tag, np.concatenate(starts)),
    )


def _hours_of(
    validity: Validity, some: Sequence[Judged], hours: Mapping[str, Ints], inputs: Inputs, flow: _Flow
) -> MeanRows:
    means = plain = dry = _hour_means(some, hours, validity, "minutes")
    if any(one.plain is not one.minutes for one in some):
        plain = dry = _hour_means(some, hours, validity, "plain")
    if any(one.dry is not one.plain for one in some):
        dry = _hour_means(some, hours, validity, "dry")
    of_tag = {one.tag.info.ix: one for one in some}
    rows = [of_tag[ix] for ix in means.tag.tolist()]
    beside = flow.of(np.array([one.source.roles.get(Role.FLOW, -1) for one in rows], np.int32), means.start_us)
    factor = np.array([one.tag.amount_factor if one.tag.is_pollutant else None for one in rows], np.float64)
    kg = np.where(dry.every.valid, dry.every.mean * beside * factor, np.nan)
    starts = means.start_us.tolist()
    converts = [one.tag.oxygen_rule(start, one.source.outlet).converts for one, start in zip(rows, starts, strict=True)]
    return MeanRows(
        **(_columns(means) | _what_is_there(means, plain)),
        measured=plain.every.mean,
        measured_status=plain.every.status.astype(np.int32),
        converted=np.array(converts, np.bool_),
        amount_kg=kg,
        amount_hours=np.isfinite(kg).astype(np.int32),
        minutes_differ=_minutes_differ(inputs, means),
        **_held_against(means, plain, inputs.reports, 3_600, inputs.tolerance),
    )


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


def _ints(column: NDArray[np.generic]) -> NDArray[np.int32]:
    """As tables hold them."""
    return column.astype(np.int32)


def _columns(means: Means) -> dict[str, Any]:
    return {
        "tag": means.tag,
        "start_us": means.start_us,
        "value": means.every.mean,
        "low": means.every.min,
        "high": means.every.max,
        "status": _ints(means.every.status),
        "parts": _ints(means.every.parts),
        "flag": _ints(means.flag),
        "unmarked": means.unmarked.mean,
        "unmarked_status": _ints(means.unmarked.status),
        "flow": means.weight,
        "present": _ints(means.present),
        "normal": _ints(means.normal),
        "stopped": _ints(means.stopped),
        "marked": _ints(means.marked),
        "late": _ints(means.late),
        "refilled": _ints(means.refilled),
    }


def _minutes_differ(inputs: Inputs, hours: Means) -> NDArray[np.int32]:
    """Minutes of each hour in which the mean of our samples and the logger's own differ."""
    minutes, ours = inputs.minutes, inputs.computed
    told = (minutes.origin == Origin.LOGGER) & np.isfinite(ours)
    larger = np.fmax(np.abs(ours), np.abs(minutes.value))
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - minutes.value) > np.fmax(inputs.tolerance.absolute, inputs.tolerance.relative * larger)
    rows = np.flatnonzero(told & apart)
    have, wanted = keys(hours.tag, hours.start_us), keys(minutes.tag[rows], hour_of(minutes.minute_us[rows]))
    at = np.searchsorted(have, wanted)
    inside = at < len(have)
    inside[inside] = have[at[inside]] == wanted[inside]
    return np.bincount(at[inside], minlength=len(have)).astype(np.int32)


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
    """Days of hours, or months of days. ``rows``: of each tag (index) the starts wanted.

    Tags that share a `Validity` are reckoned at once.
    """
    by_validity: dict[Validity, list[int]] = {}
    for tag in tags:
        if tag.info.ix in rows:
            by_validity.setdefault(tag.validity, []).append(tag.info.ix)
    parts = []
    for validity, some in by_validity.items():
        wanted = (np.repeat(np.array(some, np.int32), [len(rows[ix]) for ix in some]), _joined(rows, some))
        mine = shorter.take(np.isin(shorter.tag, some))
        parts.append(_longer_of(validity, mine, period, wanted, reports, tolerance))
    return concat_rows(parts)


def _joined(rows: Mapping[int, Ints], some: Sequence[int]) -> Ints:
    return np.concatenate([rows[ix] for ix in some])


def _longer_of(
    validity: Validity,
    shorter: MeanRows,
    period: Period,
    wanted: tuple[NDArray[np.int32], Ints],
    reports: PeriodBatch,
    tolerance: Tolerance,
) -> MeanRows:
    means_of = day_means if period == "day" else month_means
    means = means_of(_means(shorter, judged=True), validity, rows=wanted)
    plain = means_of(_means(shorter, judged=False), validity, rows=wanted)
    n = len(means)
    at = np.searchsorted(keys(means.tag, means.start_us), keys(shorter.tag, shorter.start_us), side="right") - 1
    inside = at >= 0
    inside[inside] = means.tag[at[inside]] == shorter.tag[inside]
    inside[inside] = shorter.start_us[inside] < _ends(means.start_us, period)[at[inside]]
    known = inside & np.isfinite(shorter.amount_kg)

    def summed(column: NDArray[Any], of: Bools = inside) -> NDArray[Any]:
        return np.bincount(at[of], weights=column[of], minlength=n)

    hours = summed(shorter.amount_hours).astype(np.int32)
    compared = _held_against(means, plain, reports, 86_400, tolerance) if period == "day" else nothing_reported(n)
    return MeanRows(
        **_columns(means),
        measured=plain.every.mean,
        measured_status=plain.every.status.astype(np.int32),
        converted=summed(shorter.converted) > 0,
        amount_kg=np.where(hours > 0, summed(shorter.amount_kg, known), np.nan),
        amount_hours=hours,
        minutes_differ=summed(shorter.minutes_differ).astype(np.int32),
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
