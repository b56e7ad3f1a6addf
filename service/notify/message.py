"""What is told: a message to one channel, of one alert or of several, and how it reads in both languages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from rules.risk.formula import Colour
from service.reports.words import local
from service.why import in_chinese

_MOST_LINES = 10
#: Why a message is sent.
Why = Literal["raised", "worse", "escalated", "cleared", "digest", "case", "test"]

COLOUR_OF_PRIORITY = {1: Colour.RED, 2: Colour.ORANGE, 3: Colour.YELLOW, 4: Colour.BLUE}
_COLOURS = {
    "zh": {Colour.RED: "红色", Colour.ORANGE: "橙色", Colour.YELLOW: "黄色", Colour.BLUE: "蓝色"},
    "en": {Colour.RED: "RED", Colour.ORANGE: "ORANGE", Colour.YELLOW: "YELLOW", Colour.BLUE: "BLUE"},
}
_WHY = {
    "zh": {
        "raised": "报警",
        "worse": "报警升级",
        "escalated": "无人确认,逐级上报",
        "cleared": "报警恢复",
        "digest": "报警汇总",
        "case": "工单",
        "test": "测试消息",
    },
    "en": {
        "raised": "alarm",
        "worse": "alarm got worse",
        "escalated": "nobody has acknowledged",
        "cleared": "alarm over",
        "digest": "more alarms",
        "case": "case",
        "test": "test message",
    },
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, or one case, as far as a message tells it."""

    #: Id of the alert or the case.
    about: str
    enterprise: str
    enterprise_name: str
    source_name: str
    name: str
    level: str
    colour: Colour
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    at_us: int = 0
    why: str = ""
    unverified: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """To one channel."""

    #: The same for the same reason, so that a receiver may leave out what it was told twice.
    id: str
    channel: str
    why: Why
    lines: tuple[Line, ...]
    #: How many more there are than lines.
    more: int = 0
    #: Which step of the escalation, from 1.
    step: int = 0
    #: Route by which it goes; empty for tests.
    route: str = ""

    @property
    def colour(self) -> Colour:
        """The worst of its lines."""
        return min((line.colour for line in self.lines), key=list(Colour).index, default=Colour.BLUE)

    @property
    def first(self) -> Line | None:
        """What it is about before all."""
        return self.lines[0] if self.lines else None


def title(message: Message, language: str, park: str) -> str:
    """One line."""
    why = _WHY[language][message.why]
    head = f"【{_COLOURS[language][message.colour]}】{why}"
    if message.why == "test":
        head = why
    count = len(message.lines) + message.more
    if message.first is None:
        return f"{head} {park}"
    if count > 1:
        return f"{head} {park} ×{count}"
    return f"{head} {message.first.enterprise_name or park} {message.first.name}".strip()


def text(message: Message, language: str, park: str) -> str:
    """All of it, a line each; without markup."""
    lines = [_line(one, language) for one in message.lines[:_MOST_LINES]]
    more = message.more + max(0, len(message.lines) - _MOST_LINES)
    if more:
        lines.append(f"…另有 {more} 条" if language == "zh" else f"… and {more} more")
    if message.why == "escalated":
        lines.append(f"第 {message.step} 级上报" if language == "zh" else f"escalation, step {message.step}")
    return "\n".join([title(message, language, park), *lines])


def _line(line: Line, language: str) -> str:
    where = " ".join(one for one in (line.enterprise_name, line.source_name, line.name) if one)
    told = f"{where} {line.level}".rstrip()
    if line.value is not None:
        told += f" {line.value:g}"
        if line.limit is not None:
            told += f" / {line.limit:g}"
        told += f" {line.unit}".rstrip()
    if line.unverified:
        told += "(未核实)" if language == "zh" else " (unverified)"
    why = in_chinese(line.why) if language == "zh" else line.why
    return f"{told} · {clock(line.at_us)}" + (f"\n  {why}" if why else "")


def clock(us: int) -> str:
    """``2026-11-01 08:00:00`` of +08:00."""
    return f"{local(us):%Y-%m-%d %H:%M:%S}"


def as_json(message: Message, park: str) -> dict[str, Any]:
    """What a webhook receives."""
    return {
        "id": message.id,
        "why": message.why,
        "colour": message.colour.value,
        "step": message.step,
        "title": {one: title(message, one, park) for one in ("zh", "en")},
        "text": {one: text(message, one, park) for one in ("zh", "en")},
        "more": message.more,
        "alerts": [_builtins(one) for one in message.lines],
    }


def _builtins(line: Line) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(line)
    at_us = fields.pop("at_us")
    return fields | {"at": datetime.fromtimestamp(at_us / 1e6, UTC).isoformat().replace("+00:00", "Z")}


def digest_lines(lines: Sequence[Line]) -> tuple[tuple[Line, ...], int]:
    """The worst and oldest first, as many as are read; and how many more there are."""
    ordered = sorted(lines, key=lambda line: (list(Colour).index(line.colour), line.at_us))
    return tuple(ordered[:_MOST_LINES]), max(0, len(ordered) - _MOST_LINES)
