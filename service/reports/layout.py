"""From the numbers to tables and charts: outlet day and month report; the lists stand in `layout_lists`."""

from collections.abc import Callable, Iterable, Sequence

from service.reports.layout_lists import exceedances, online
from service.reports.model import (
    Bar,
    Cell,
    Chart,
    Column,
    Factor,
    FactorSeries,
    LimitFact,
    Line,
    OutletReport,
    PeriodMean,
    Report,
    Sign,
    Span,
    Table,
)
from service.reports.words import LEGEND, file_name, local, minute, number, span

__all__ = ["exceedances", "online", "outlet"]

_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
#: Columns of numbers beside each other on paper.
_COLUMNS = 7
_BASES = {"hour": "小时均值 hour mean", "day": "日均值 day mean", "instant": "任意一次 any value"}
_CONFIDENCES = {
    "": "",
    "read": "标准原文 read",
    "secondary": "二手资料 secondary",
    "unverified": "未核实 unverified",
}


def outlet(given: OutletReport) -> Report:
    """Means of every hour of a day, or every day of a month, against the limits."""
    is_day = given.span is Span.DAY
    kind, name = ("日报 Day report", "day") if is_day else ("月报 Month report", "month")
    first = local(given.start_us)
    when = f"{first:%Y-%m-%d}" if is_day else f"{first:%Y-%m}"
    series = (*given.pollutants, *given.others)
    tables = [
        *_overview(given, series),
        *(_details(given, one) for one in given.pollutants),
        *_limits([one.factor for one in given.pollutants]),
    ]
    return Report(
        file_name=file_name(given.enterprise, given.outlet, name, when),
        title=f"{given.outlet_name or given.outlet} 排放{kind} {when}",
        facts=(
            ("园区 Park", given.park),
            ("企业 Enterprise", f"{given.enterprise_name} ({given.enterprise})"),
            ("排放口 Outlet", f"{given.outlet_name} ({given.outlet})"),
            *((("排污许可证 Permit", given.permit),) if given.permit else ()),
            ("时段 Span", span(given.start_us, given.end_us)),
            ("生成 Made", minute(given.made_us)),
        ),
        tables=tuple(tables),
        charts=tuple(_chart(given, one) for one in given.pollutants),
        notes=(LEGEND, *given.notes),
        made_us=given.made_us,
    )


def _steps(given: OutletReport) -> range:
    return range(given.start_us, given.end_us, _HOUR_US if given.span is Span.DAY else _DAY_US)


def _label(given: OutletReport, start_us: int) -> str:
    at = local(start_us)
    return f"{at:%H:%M}" if given.span is Span.DAY else f"{at:%m-%d}"


def _sign(one: PeriodMean | None) -> Sign:
    if one is None:
        return Sign.NONE
    if not one.valid:
        return Sign.INVALID
    if one.exceeded:
        return Sign.EXCEEDED
    return Sign.MARKED if one.marked else Sign.NONE


def _judged(one: PeriodMean | None) -> Cell:
    return Cell(one.judged if one is not None else None, _sign(one))


def _by_start(series: FactorSeries) -> dict[int, PeriodMean]:
    return {one.start_us: one for one in series.periods}


def _title(factor: Factor) -> str:
    return f"{factor.name} 折算" if factor.converted else factor.name


def _overview(given: OutletReport, series: Sequence[FactorSeries]) -> Iterable[Table]:
    """All factors side by side, as many at once as fit on paper."""
    pieces = [series[begin : begin + _COLUMNS] for begin in range(0, len(series), _COLUMNS)]
    for place, piece in enumerate(pieces, 1):
        part = f" {place}/{len(pieces)}" if len(pieces) > 1 else ""
        found = [_by_start(one) for one in piece]
        columns = [Column(title=_title(one.factor), unit=one.factor.unit, digits=one.factor.digits) for one in piece]
        yield Table(
            title=("小时均值 Hour means" if given.span is Span.DAY else "日均值 Day means") + part,
            columns=(Column(title="时间 Time", weight=0.8), *columns),
            rows=tuple(
                (Cell(_label(given, at)), *(_judged(periods.get(at)) for periods in found)) for at in _steps(given)
            ),
            foot=tuple(_foot(piece)),
        )


def _foot(piece: Sequence[FactorSeries]) -> Iterable[tuple[Cell, ...]]:
    yield (Cell("均值 Mean"), *(_judged(one.whole) for one in piece))
    for title, pick in (("最大 Max", max), ("最小 Min", min)):
        chosen: Callable[[Iterable[float]], float] = pick
        valid = [[p.judged for p in one.periods if p.valid and p.judged is not None] for one in piece]
        yield (Cell(title), *(Cell(chosen(values) if values else None) for values in valid))
    yield (Cell("有效数 Valid"), *(Cell(str(sum(p.valid for p in one.periods))) for one in piece))
    amounts = [one.whole.amount_kg for one in piece]
    if any(one is not None for one in amounts):
        yield (Cell("排放量 Amount kg"), *(Cell(None if one is None else number(one, 3)) for one in amounts))


def _details(given: OutletReport, series: FactorSeries) -> Table:
    factor, periods = series.factor, _by_start(series)
    numbers = {"unit": factor.unit, "digits": factor.digits}
    columns = [
        Column(title="时间 Time", weight=0.8),
        Column(title="实测 Measured", **numbers),  # type: ignore[arg-type]  # text and number, as they are named
        *([Column(title="折算 Converted", **numbers)] if factor.converted else []),  # type: ignore[arg-type]
        Column(title="不含标记 Unmarked", **numbers),  # type: ignore[arg-type]
        Column(title="排放量 Amount", unit="kg", digits=3),
        Column(title="数采仪上报 Logger", **numbers),  # type: ignore[arg-type]
        Column(title="数据标记 Flag", weight=0.8),
        Column(title="标记 Mark", weight=1.4),
        Column(title="修订 Rev.", weight=0.6),
    ]
    return Table(
        title=f"{factor.name} ({factor.tag})",
        columns=tuple(columns),
        rows=tuple(_detail(_label(given, at), periods.get(at), factor) for at in _steps(given)),
        foot=(_detail("合计 Whole", series.whole, factor),),
    )


def _detail(label: str, one: PeriodMean | None, factor: Factor) -> tuple[Cell, ...]:
    one = one or PeriodMean(start_us=0)
    converted = (_judged(one),) if factor.converted else ()
    measured = Cell(one.measured, Sign.NONE if factor.converted and one.valid else _sign(one))
    return (
        Cell(label),
        measured,
        *converted,
        Cell(one.unmarked),
        Cell(one.amount_kg),
        Cell(one.reported, Sign.WARNING if one.disagrees else Sign.NONE),
        Cell(one.flag),
        Cell(one.marked),
        Cell(str(one.revision) if one.revision else ""),
    )


def _limits(factors: Sequence[Factor]) -> Iterable[Table]:
    limited = [(factor, factor.limit) for factor in factors if factor.limit is not None]
    if limited:
        yield Table(
            title="限值 Limits",
            columns=(
                Column(title="项目 Factor"),
                Column(title="限值 Limit"),
                Column(title="评判 Basis", weight=1.4),
                Column(title="依据 Source", weight=3),
                Column(title="可信度 Confidence", weight=1.2),
            ),
            rows=tuple(
                (
                    Cell(factor.name),
                    Cell(_allowed(limit)),
                    Cell(_BASES.get(limit.basis, limit.basis)),
                    Cell(limit.source),
                    Cell(_CONFIDENCES.get(limit.confidence, limit.confidence)),
                )
                for factor, limit in limited
            ),
        )


def _allowed(limit: LimitFact) -> str:
    between = f"{limit.lower:g} – {limit.value:g}" if limit.lower is not None else f"≤ {limit.value:g}"
    return f"{between} {limit.unit}"


def _chart(given: OutletReport, series: FactorSeries) -> Chart:
    factor, periods = series.factor, _by_start(series)
    bars = []
    for at in _steps(given):
        cell = _judged(periods.get(at))
        value = cell.value if isinstance(cell.value, float | int) else None
        bars.append(Bar(label=_label(given, at), value=value, sign=cell.sign))
    lines: list[Line] = []
    if factor.limit is not None:
        lines.append(Line(value=factor.limit.value, label=f"限值 {factor.limit.value:g} · {factor.limit.source}"))
        if factor.limit.lower is not None:
            lines.append(Line(value=factor.limit.lower, label=f"下限 {factor.limit.lower:g}"))
    return Chart(title=_title(factor), unit=factor.unit, bars=tuple(bars), lines=tuple(lines), legend=LEGEND)
