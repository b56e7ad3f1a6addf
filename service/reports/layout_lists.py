"""From the numbers to tables and charts: exceedances, ranking by online rate."""

from collections import Counter
from collections.abc import Sequence

from service.reports.model import (
    Bar,
    Cell,
    Chart,
    Column,
    ExceedanceLine,
    ExceedanceReport,
    Line,
    OnlineReport,
    Report,
    Sign,
    Table,
)
from service.reports.words import file_name, local, minute, span

_DAY_US = 86_400_000_000
_KINDS = {"warning": "预警 early warning", "hour": "小时超标 hour", "day": "日超标 day"}
_STATES = {"standing": "成立 standing", "withdrawn": "已撤回 withdrawn"}


def exceedances(given: ExceedanceReport) -> Report:
    """One line an exceedance or early warning, and how many of each kind every enterprise has."""
    columns = (
        Column(title="类型 Kind", weight=1.3),
        Column(title="时段 Period", weight=1.9),
        Column(title="企业 Enterprise", weight=1.6),
        Column(title="排放口 Outlet", weight=1.6),
        Column(title="项目 Factor", weight=1.3),
        Column(title="值 Value", weight=1.2),
        Column(title="限值 Limit", weight=1.2),
        Column(title="倍数 Ratio", digits=2, weight=0.7),
        Column(title="依据 Source", weight=2.2),
        Column(title="不含标记 Unmarked", weight=1.0),
        Column(title="状态 State", weight=1.7),
    )
    return Report(
        file_name=file_name("exceedances", f"{local(given.start_us):%Y-%m-%d}", f"{local(given.end_us - 1):%Y-%m-%d}"),
        title=f"超标清单 Exceedances {given.of}".strip(),
        facts=(
            ("园区 Park", given.park),
            ("时段 Span", span(given.start_us, given.end_us)),
            ("数量 Lines", str(len(given.lines))),
            ("生成 Made", minute(given.made_us)),
        ),
        tables=(
            Table(title="清单 List", columns=columns, rows=tuple(_exceedance(one) for one in given.lines)),
            _counts(given.lines),
        ),
        notes=given.notes,
        made_us=given.made_us,
    )


def _exceedance(one: ExceedanceLine) -> tuple[Cell, ...]:
    sign = Sign.WARNING if one.kind == "warning" else Sign.EXCEEDED
    ratio = one.value / one.limit if one.side == "high" and one.limit > 0 else None
    state = _STATES.get(one.state, one.state) + (f", rev. {one.revision}" if one.revision else "")
    return (
        Cell(_KINDS.get(one.kind, one.kind)),
        Cell(_period(one)),
        Cell(one.enterprise_name),
        Cell(one.outlet_name),
        Cell(one.factor),
        Cell(f"{one.value:.4g} {one.unit}", sign if one.state == "standing" else Sign.NONE),
        Cell(f"{'≤' if one.side == 'high' else '≥'} {one.limit:g} {one.unit}"),
        Cell(ratio),
        Cell(one.limit_source),
        Cell("成立 yes" if one.stands_unmarked else "不成立 no"),
        Cell(state),
    )


def _period(one: ExceedanceLine) -> str:
    if one.end_us - one.start_us == _DAY_US:
        return f"{local(one.start_us):%Y-%m-%d}"
    return f"{minute(one.start_us)} – {local(one.end_us):%H:%M}"


def _counts(lines: Sequence[ExceedanceLine]) -> Table:
    names = list(dict.fromkeys(one.enterprise_name for one in lines))
    standing = Counter((one.enterprise_name, one.kind) for one in lines if one.state == "standing")
    counted = [Column(title=word, digits=0) for word in _KINDS.values()]
    return Table(
        title="成立的数量 Standing, by enterprise",
        columns=(Column(title="企业 Enterprise", weight=2), *counted),
        rows=tuple((Cell(name), *(Cell(standing[name, kind]) for kind in _KINDS)) for name in names),
    )


def online(given: OnlineReport) -> Report:
    """Devices or enterprises as they are given, with rates in per cent."""
    columns = (
        Column(title="名次 Rank", digits=0, weight=0.6),
        Column(title="企业 Enterprise", weight=2.2),
        Column(title="设备 Device", weight=2),
        Column(title="在线率 Online", unit="%", digits=2),
        Column(title="有效率 Valid", unit="%", digits=2),
        Column(title="传输有效率 Transmission", unit="%", digits=2, weight=1.5),
        Column(title="离线时长 Offline", unit="h", digits=1),
        Column(title="离线次数 Times", digits=0),
        Column(title="得分 Score", digits=1),
    )
    rows, bars = [], []
    for rank, one in enumerate(given.lines, 1):
        low = one.online_rate is not None and given.expected is not None and one.online_rate < given.expected
        sign = Sign.EXCEEDED if low else Sign.NONE
        rates = (one.online_rate, one.valid_rate, one.transmission_rate)
        first, *others = [None if rate is None else rate * 100 for rate in rates]
        rows.append(
            (
                Cell(rank),
                Cell(one.enterprise_name),
                Cell(one.device),
                Cell(first, sign),
                *(Cell(rate) for rate in others),
                Cell(one.offline_hours),
                Cell(one.offline_count),
                Cell(one.score),
            )
        )
        bars.append(Bar(label=str(rank), value=first, sign=sign))
    expected = given.expected
    lines = (Line(value=expected * 100, label=f"要求 expected {expected:.0%}"),) if expected is not None else ()
    legend = "▲ 低于要求 below what is expected" if expected is not None else ""
    return Report(
        file_name=file_name("online-rate", f"{local(given.start_us):%Y-%m-%d}", f"{local(given.end_us - 1):%Y-%m-%d}"),
        title="在线率排名 Ranking by online rate",
        facts=(
            ("园区 Park", given.park),
            ("时段 Span", span(given.start_us, given.end_us)),
            ("生成 Made", minute(given.made_us)),
        ),
        tables=(Table(title="排名 Ranking", columns=columns, rows=tuple(rows)),),
        charts=(Chart(title="在线率 Online rate", unit="%", bars=tuple(bars), lines=lines, legend=legend),),
        notes=(legend, *given.notes),
        made_us=given.made_us,
    )
