"""Cuts a text into tokens: numbers with their units, durations, times of day, names, operators.

A unit follows its number with or without space (``3 m/s``, ``25%LEL``); a duration is written without (``10m`` are ten
minutes, ``10 m`` ten metres). A name may contain ``-`` as ids do, so a minus between names stands between spaces.
"""

import re
from dataclasses import dataclass
from enum import Enum

from park import units
from park.duration import parse_duration_us
from rules.expression.problems import Problems

KEYWORDS = ("and", "or", "not")


class Kind(Enum):
    """Of a token."""

    NUMBER = "a number"
    SPAN = "a duration"
    CLOCK = "a time of day"
    NAME = "a name"
    KEYWORD = "a word"
    SIGN = "a sign"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from ``at`` to before ``end``."""

    kind: Kind
    text: str
    at: int
    end: int
    #: Of a number; microseconds of a duration, minutes of a time of day.
    value: float = 0.0
    unit: str | None = None


# What input methods for Chinese write in place of ASCII; one character for one, so that columns stay.
_PLAIN = str.maketrans("（），．：＋－−×＊÷／＜＞＝！％　", "(),.:+--**//<>=!% ")
_SPACE = re.compile(r"\s+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?!\d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SPAN = re.compile(r"\d+(?:\.\d+)?(?:us|ms|s|m|h|d)(?![\w%°²³^]|/[^\W\d])")
_ATOM = r"[A-Za-zµμΩ°℃℉%‰㎎㎍㎥㎡]+[²³]?(?:\^-?\d|\d)?(?:\((?:A|g)\))?"
_UNIT = re.compile(rf"\s*({_ATOM}(?:[/·]{_ATOM})*)")
_PART = r"[A-Za-z0-9_]+(?:-+[A-Za-z0-9_]+)*"
_NAME = re.compile(rf"(?=[A-Za-z_]){_PART}(?:\.{_PART})*")
_SIGN = re.compile(r"<=|>=|==|!=|[<>+\-*/(),≤≥≠]")
_SAME = {"≤": "<=", "≥": ">=", "≠": "!="}
_MEANT = {
    "&&": "write and",
    "||": "write or",
    "&": "write and; for a bit of a word write bit(word, n)",
    "|": "write or",
    "!": "write not",
    "<>": "write !=",
    "=": "write == to compare",
    "**": "there are no powers; multiply",
    "^": "there are no powers; multiply",
    "%": "a unit follows its number: 80 %",
    ".": "write 0.5, not .5",
}
_NAME_GOES_ON = re.compile(r"[(_.]|-\w")


def tokens(text: str, problems: Problems) -> list[Token]:
    """All tokens and the end. What is no token is told of and left out."""
    plain = text.translate(_PLAIN)
    found: list[Token] = []
    at = 0
    while at < len(plain):
        if space := _SPACE.match(plain, at):
            at = space.end()
            continue
        token, at = _token(plain, at, problems)
        if token is not None:
            found.append(token)
    return [*found, Token(Kind.END, "", len(text), len(text))]


def _token(text: str, at: int, problems: Problems) -> tuple[Token | None, int]:
    if match := _CLOCK.match(text, at):
        return _clock(match, problems), match.end()
    if match := _SPAN.match(text, at):
        return _span(match, problems), match.end()
    if match := _NUMBER.match(text, at):
        token = _number(text, match, problems)
        return token, token.end
    if match := _NAME.match(text, at):
        kind = Kind.KEYWORD if match[0] in KEYWORDS else Kind.NAME
        return Token(kind, match[0], at, match.end()), match.end()
    if (match := _SIGN.match(text, at)) and not text.startswith(("**", "<>"), at):
        return Token(Kind.SIGN, _SAME.get(match[0], match[0]), at, match.end()), match.end()
    return _stray(text, at, problems)


def _stray(text: str, at: int, problems: Problems) -> tuple[None, int]:
    sign = next((sign for sign in _MEANT if text.startswith(sign, at)), text[at])
    cure = _MEANT.get(sign, "it has no meaning here; leave it out")
    if sign in "\"'`":
        cure = "names stand without quotation marks"
    problems.add(at, f"{sign!r}: {cure}")
    return None, at + len(sign)


def _clock(match: re.Match[str], problems: Problems) -> Token:
    hour, minute = int(match[1]), int(match[2])
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        problems.add(match.start(), f"{match[0]!r} is not a time of day; write 00:00 to 24:00")
    return Token(Kind.CLOCK, match[0], match.start(), match.end(), value=hour % 24 * 60 + minute)


def _span(match: re.Match[str], problems: Problems) -> Token:
    us = 0
    try:
        us = parse_duration_us(match[0])
    except ValueError as error:
        problems.add(match.start(), str(error))
    return Token(Kind.SPAN, match[0], match.start(), match.end(), value=us)


def _number(text: str, match: re.Match[str], problems: Problems) -> Token:
    value = float(match[0])
    if value > 1e300:
        problems.add(match.start(), f"{match[0]} is too large a number")
        value = 0.0
    at, end, unit = match.start(), match.end(), None
    if (follows := _UNIT.match(text, end)) and not _is_word(text, follows):
        unit, end = follows[1], follows.end()
        try:
            units.parse(unit)
        except units.UnknownUnit as error:
            cure = "; to divide, put spaces around /" if "/" in unit else ""
            problems.add(follows.start(1), f"{error}{cure}")
            unit = None
    return Token(Kind.NUMBER, text[at:end], at, end, value=value, unit=unit)


def _is_word(text: str, unit: re.Match[str]) -> bool:
    """What looks like a unit is a word of the language, or a function or a name by mistake."""
    return unit[1] in KEYWORDS or _NAME_GOES_ON.match(text, unit.end()) is not None
