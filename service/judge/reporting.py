"""What the reports hold, gathered from the judge's records: outlet by day or month, exceedances, online ranking."""

from collections.abc import Mapping, Sequence
from typing import Any

from park.quantities import QUANTITIES
from rules.emissions.applicable import Applicable
from rules.emissions.compare import Verdict
from rules.emissions.flags import letter
from rules.emissions.means import Status
from service.judge.delivery import Delivery
from service.judge.exceedances import LENGTH_US
from service.judge.sources import JudgedSource, JudgedTag
from service.reports.model import (
    ExceedanceLine,
    ExceedanceReport,
    Factor,
    FactorSeries,
    LimitFact,
    OnlineLine,
    OnlineReport,
    OutletReport,
    PeriodMean,
    Span,
)

_WORDS = {Status.MISSING: "缺失", Status.STOPPED: "停运", Status.INVALID: "无效"}
Rows = Sequence[Mapping[str, Any]]


def factor_name(tag: JudgedTag) -> str:
    """As people call it: the tag's own name, else the quantity's."""
    known = QUANTITIES.get(tag.info.tag.quantity)
    return tag.info.tag.name or (known.name if known is not None else tag.info.tag.quantity)


def outlet_report(
    source: JudgedSource,
    span: Span,
    start_us: int,
    end_us: int,
    parts: Rows,
    wholes: Rows,
    exceeded: Rows,
    *,
    park: str,
    enterprise_name: str,
    made_us: int,
) -> OutletReport:
    """``parts``: the hours of a day, or the days of a month; ``wholes``: that day or month; as `reading` gives them.

    ``exceeded``: the exceedances of the span.
    """
    kind = "hour" if span is Span.DAY else "day"
    over = {(row["tag"], row["start_us"]) for row in exceeded if row["kind"] == kind and _stands(row)}
    over_whole = {row["tag"] for row in exceeded if row["kind"] == "day" and span is Span.DAY and _stands(row)}
    whole_of = {row["tag"]: row for row in wholes}
    pollutants: list[FactorSeries] = []
    others: list[FactorSeries] = []
    for tag in source.tags:
        name = tag.info.id
        mine = [row for row in parts if row["tag"] == name]
        whole = whole_of.get(name)
        limit = (tag.hour_limits if span is Span.DAY else tag.day_limits).at(start_us)
        if tag.is_pollutant and limit is None:
            limit = tag.hour_limits.at(start_us) or tag.day_limits.at(start_us)
        series = FactorSeries(
            factor=Factor(
                tag=name,
                name=factor_name(tag),
                unit=tag.info.tag.unit,
                converted=any(row["converted"] for row in mine),
                limit=limit_fact(limit) if tag.is_pollutant else None,
            ),
            periods=tuple(_period(row, exceeded=(name, row["start_us"]) in over) for row in mine),
            whole=_period(whole, exceeded=name in over_whole) if whole else PeriodMean(start_us=start_us, valid=False),
        )
        (pollutants if tag.is_pollutant else others).append(series)
    info = source.tags[0].info
    return OutletReport(
        span=span,
        start_us=start_us,
        end_us=end_us,
        park=park,
        enterprise=info.enterprise,
        enterprise_name=enterprise_name,
        outlet=source.id,
        outlet_name=source.source.name,
        permit="、".join(dict.fromkeys(one.permit for one in source.outlet.permit_limits)),
        pollutants=tuple(pollutants),
        others=tuple(others),
        notes=(*_notes(parts, pollutants), *_provisional(source, span)),
        made_us=made_us,
    )


def _stands(row: Mapping[str, Any]) -> bool:
    return row["state"] == "standing" and bool(row["unmarked"])


def _period(row: Mapping[str, Any], *, exceeded: bool) -> PeriodMean:
    status = Status(row["status"])
    valid = status is Status.VALID
    return PeriodMean(
        start_us=row["start_us"],
        measured=_number(row["measured"]),
        judged=_number(row["value"]),
        unmarked=_number(row["unmarked"]),
        amount_kg=_number(row["amount_kg"]),
        valid=valid,
        flag=letter(row["flag"]) if valid else _WORDS.get(status, letter(row["flag"])),
        marked="标记" if row["marked"] else "",
        exceeded=exceeded,
        reported=_number(row["reported"]),
        disagrees=row["verdict"] == Verdict.DISAGREE,
        revision=row["revision"] - 1,
    )


def _number(value: float) -> float | None:
    return None if value != value else value


def limit_fact(limit: Applicable | None) -> LimitFact | None:
    """As a report shows it."""
    if limit is None:
        return None
    return LimitFact(
        value=limit.limit,
        lower=limit.lower,
        unit=limit.unit,
        basis=limit.basis,
        source=f"排污许可证 {limit.permit}" if limit.permit else f"{limit.standard} {limit.clause}",
        confidence="" if limit.permit else limit.confidence,
    )


def _provisional(source: JudgedSource, span: Span) -> list[str]:
    if span is Span.DAY or all(tag.validity.month_confirmed_by for tag in source.tags):
        return []
    return ["月均值的有效性规则尚未有人对照标准原文确认，月均值仅供参考。"]


def _notes(parts: Rows, pollutants: Sequence[FactorSeries]) -> list[str]:
    refilled = sum(row["refilled"] for row in parts)
    late = sum(row["late"] for row in parts)
    revised = sum(row["revision"] > 1 for row in parts)
    differ = sum(row["verdict"] == Verdict.DISAGREE for row in parts)
    notes = [
        f"补采分钟数据 {refilled} 个，迟到 {late} 个；修订过的时段 {revised} 个。",
        f"与数采仪自报均值不一致的时段 {differ} 个。",
    ]
    unlimited = [one.factor.name for one in pollutants if one.factor.limit is None]
    if unlimited:
        notes.append(f"没有在用限值：{'、'.join(unlimited)}。")
    return notes


def exceedance_report(
    rows: Rows,
    names: Mapping[str, str],
    tags: Mapping[str, JudgedTag],
    *,
    park: str,
    of: str,
    start_us: int,
    end_us: int,
    made_us: int,
) -> ExceedanceReport:
    """``names``: of enterprises and sources by id."""
    return ExceedanceReport(
        start_us=start_us,
        end_us=end_us,
        park=park,
        of=of,
        lines=tuple(_line(row, names, tags) for row in rows),
        made_us=made_us,
    )


def _line(row: Mapping[str, Any], names: Mapping[str, str], tags: Mapping[str, JudgedTag]) -> ExceedanceLine:
    tag = tags.get(row["tag"])
    facts = row["provenance"]
    permit = facts.get("permit")
    known = QUANTITIES.get(row["quantity"])
    standard = f"{facts.get('standard', '')} {facts.get('clause', '')}".strip()
    return ExceedanceLine(
        kind=row["kind"],
        start_us=row["start_us"],
        end_us=row["start_us"] + LENGTH_US[row["kind"]],
        enterprise_name=names.get(row["enterprise"], row["enterprise"]),
        outlet_name=names.get(row["source"], row["source"]) or row["source"],
        factor=factor_name(tag) if tag is not None else (known.name if known else row["quantity"]),
        value=row["value"],
        limit=row["limit_value"],
        side=row["side"],
        unit=row["unit"],
        limit_source=f"排污许可证 {permit}" if permit else standard,
        stands_unmarked=row["unmarked"],
        state=row["state"],
        revision=row["revision"] - 1,
        why=row["why"],
    )


def online_report(
    found: Sequence[Delivery], names: Mapping[str, str], *, park: str, start_us: int, end_us: int, made_us: int
) -> OnlineReport:
    """In the order given: best first."""
    return OnlineReport(
        start_us=start_us,
        end_us=end_us,
        park=park,
        lines=tuple(
            OnlineLine(
                enterprise_name=names.get(one.enterprise, one.enterprise),
                device=one.name if one.name != one.enterprise else "",
                online_rate=one.online_rate,
                valid_rate=one.valid_rate,
                transmission_rate=one.transmission_efficiency,
                offline_hours=float(one.offline),
                offline_count=one.outages,
                score=one.score,
            )
            for one in found
        ),
        made_us=made_us,
    )
