"""The report of a backtest for people: tables, Chinese or English."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.words import Words

_CHINA = timezone(timedelta(hours=8))
_MOST_ROWS = 20
#: Where nobody's window limits it: in a file or a pipe.
_PRINTED_WIDTH = 140
_BAND_STYLE = {"acceptable": "green", "manageable": "yellow", "overloaded": "red"}

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("回测", "Backtest"),
    "figures": (
        "{from_} 至 {to}（UTC+08:00）：{samples:,} 个样本，{rules} 条规则，{alerts:,} 次报警，{transitions:,} 次变化",
        "{from_} to {to} (UTC+08:00): {samples:,} samples, {rules} rules, {alerts:,} alerts, {transitions:,} changes",
    ),
    "unconfirmed": (
        "下列规则的限值未经确认，投用前须由责任人确认：{names}",
        "These rules' numbers are unconfirmed; somebody must answer for them before they go live: {names}",
    ),
    "unmatched": ("不属于园区测点的列（未使用）：{names}", "Columns that are no tag of the park (not used): {names}"),
    "by_rule": ("按规则", "By rule"),
    "by_source": ("按源", "By source"),
    "rule": ("规则", "Rule"),
    "kind": ("类型", "Kind"),
    "source": ("源", "Source"),
    "alerts": ("报警", "Alerts"),
    "targets": ("对象", "Targets"),
    "standing": ("未恢复", "Standing"),
    "levels": ("级别", "Levels"),
    "median": ("时长中位", "Median"),
    "p90": ("时长 P90", "P90"),
    "total": ("总时长", "Total"),
    "first": ("首次", "First"),
    "last": ("末次", "Last"),
    "kpi": ("报警系统指标（ISA-18.2）", "Alarm system (ISA-18.2)"),
    "per_10min": ("每 10 分钟报警数", "Alarms per 10 min"),
    "per_day": ("每日报警数", "Alarms per day"),
    "mean_max": ("平均 {mean:.3g}，最多 {max}", "mean {mean:.3g}, most {max}"),
    "acceptable": ("可接受", "acceptable"),
    "manageable": ("可管理", "manageable"),
    "overloaded": ("超负荷", "overloaded"),
    "floods": ("报警泛滥（10 分钟 > 10）", "Floods (> 10 in 10 min)"),
    "flood_share": ("{count} 次，占 {share:.1%} 时间", "{count}, {share:.1%} of the time"),
    "chattering": ("抖动报警（1 分钟 ≥ 3）", "Chattering (≥ 3 in 1 min)"),
    "long_standing": ("长期未恢复（> 24 h）", "Standing (> 24 h)"),
    "bad_actors": ("频次最高的报警", "Most frequent alarms"),
    "target": ("对象", "Target"),
    "share": ("占比", "Share"),
    "against": ("与对照规则的差异", "Against the other rules"),
    "added": ("新增", "Added"),
    "removed": ("消失", "Removed"),
    "moved": ("移动", "Moved"),
    "same": ("相同", "Same"),
    "change": ("变化", "Change"),
    "raised": ("发生", "Raised"),
    "shift": ("发生／恢复移动", "Raised / cleared later by"),
    "none": ("这些规则在此期间不会报警。", "These rules would have raised nothing."),
}


def show(result: dict[str, Any], lang: str, console: Console | None = None) -> None:
    """All of it on standard output."""
    console = console or _console()
    say = Words(_WORDS, lang)
    console.print(f"[bold]{say('title')}[/] " + say("figures", **_figures(result)))
    for name, key in (("unconfirmed", "unconfirmed_rules"), ("unmatched", "unmatched_columns")):
        if result.get(key):
            console.print(f"[yellow]{escape(say(name, names=', '.join(result[key][:_MOST_ROWS])))}[/]")
    if not result["alerts"]:
        console.print(say("none"))
    console.print(_groups(say, "by_rule", "rule", result["by_rule"]))
    if result["by_source"]:
        console.print(_groups(say, "by_source", "source", result["by_source"]))
        console.print(_kpi(say, result["kpi"]))
        console.print(_actors(say, result["kpi"]["bad_actors"]))
    if result["against"] is not None:
        console.print(_difference(say, result["against"]))
        console.print(_differing(say, result["against"]))


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_PRINTED_WIDTH)


def _figures(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "from_": _time(result["from"]), "to": _time(result["to"])}


def _table(title: str, *columns: tuple[str, bool]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name, is_number in columns:
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    return table


def _groups(say: Words, title: str, what: str, groups: Sequence[dict[str, Any]]) -> Table:
    numbers = [(say(name), True) for name in ("alerts", "targets", "standing", "median", "p90", "total")]
    kind = [(say("kind"), False)] if what == "rule" else []
    columns = [(say(what), False), *kind, *numbers, *((say(name), False) for name in ("levels", "first", "last"))]
    table = _table(say(title), *columns)
    for one in groups[:_MOST_ROWS]:
        table.add_row(
            escape(one[what]),
            *([one["kind"]] if kind else []),
            *(f"{one[name]:,}" for name in ("alerts", "targets", "standing")),
            *(_lasted(one[name]) for name in ("median_s", "p90_s", "total_s")),
            " ".join(f"{level or '-'}:{count}" for level, count in one["levels"].items()),
            _time(one["first"]),
            _time(one["last"]),
        )
    return _cut(table, len(groups))


def _kpi(say: Words, kpi: dict[str, Any]) -> Table:
    table = _table(say("kpi"), ("", False), ("", False), ("", False))
    for name in ("per_10min", "per_day"):
        rate = kpi[name]
        band = f"[{_BAND_STYLE[rate['band']]}]{say(rate['band'])}[/]"
        table.add_row(say(name), say("mean_max", mean=rate["mean"], max=rate["max"]), band)
    table.add_row(say("floods"), say("flood_share", count=kpi["floods_count"], share=kpi["flood_share"]), "")
    table.add_row(say("chattering"), str(kpi["chattering_count"]), "")
    table.add_row(say("long_standing"), str(kpi["standing_count"]), "")
    return table


def _actors(say: Words, actors: Sequence[dict[str, Any]]) -> Table:
    table = _table(say("bad_actors"), *_named(say, "rule", "target"), (say("alerts"), True), (say("share"), True))
    for one in actors:
        table.add_row(escape(one["rule"]), escape(one["target"]), f"{one['count']:,}", f"{one['share']:.1%}")
    return table


def _named(say: Words, *names: str) -> list[tuple[str, bool]]:
    return [(say(name), False) for name in names]


def _difference(say: Words, found: dict[str, Any]) -> Table:
    kinds = ("added", "removed", "moved", "same")
    table = _table(say("against"), (say("rule"), False), *((say(name), True) for name in kinds))
    for one in found["by_rule"][:_MOST_ROWS]:
        table.add_row(escape(one["rule"]), *(f"{one[name]:,}" for name in kinds))
    table = _cut(table, len(found["by_rule"]))
    table.add_section()
    table.add_row("Σ", *(f"{found[name]:,}" for name in kinds))
    return table


def _differing(say: Words, found: dict[str, Any]) -> Table:
    table = _table("", *_named(say, "change", "rule", "target", "levels", "raised", "shift"))
    several: list[tuple[str, Sequence[dict[str, Any]], Callable[[dict[str, Any]], str]]] = [
        ("added", found["added_alerts"], lambda one: ""),
        ("removed", found["removed_alerts"], lambda one: ""),
        ("moved", found["moved_alerts"], _shift),
    ]
    for name, alerts, shift in several:
        for one in alerts[: _MOST_ROWS // 2]:
            words = (say(name), one["rule"], one["target"], _levels(one), _time(one["raised"]), shift(one))
            table.add_row(*map(escape, words))
    return table


def _shift(one: dict[str, Any]) -> str:
    return " / ".join("–" if later is None else f"{later:+g} s" for later in _later(one))


def _levels(one: dict[str, Any]) -> str:
    before, after = one.get("level_before", one["level"]), one["level"]
    return str(after) if before == after else f"{before} → {after}"


def _later(one: dict[str, Any]) -> tuple[float | None, float | None]:
    return one["raised_later_s"], one["cleared_later_s"]


def _cut(table: Table, rows: int) -> Table:
    if rows > _MOST_ROWS:
        table.add_row(f"… +{rows - _MOST_ROWS}")
    return table


def _lasted(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.4g} h"


def _time(text: str | None) -> str:
    if text is None:
        return "–"
    moment = datetime.fromisoformat(text).astimezone(_CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
