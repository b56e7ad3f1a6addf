"""The host's commands (HJ 212-2017, table 9 and annex C): which there are, what they take, how they are written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from connectors.devices import CommandForbidden, CommandInvalid, Value
from connectors.hj212.beijing import CHINA, text_of
from connectors.hj212.config import MINUTE_INTERVALS

_POLLUTANT = re.compile(r"[A-Za-z0-9]{1,12}")
_PASSWORD = re.compile(r"[A-Za-z0-9]{1,6}")
_INFO_VALUE = re.compile(r"[^;,&\x00-\x1f]{1,100}")
#: Kinds of stored data that can be asked for, and the length of their periods where that is fixed, microseconds.
HISTORIES: Mapping[str, str] = {"minute": "2051", "hour": "2061", "day": "2031", "run-time": "2041"}
_LONGEST_SPAN_US = 400 * 86_400_000_000
_TEN_S = "seconds, 1 to 99"


class Reply(Enum):
    """What a logger sends for a command."""

    #: 9011, then 9012.
    RESULT = auto()
    #: 9011, then packets of the command's own CN, then 9012.
    DATA = auto()
    #: 9011; what comes then goes on until it is stopped.
    STREAM = auto()
    #: 9013: it was a notification.
    NOTICE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A command, ready for a packet."""

    name: str
    cn: str
    reply: Reply
    #: Fields of CP in order; each is one ``name=value``.
    cp: tuple[tuple[str, str], ...] = ()
    #: The parameters as they may be shown and recorded.
    shown: Mapping[str, Value] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Between ``CP=&&`` and ``&&``."""
        return ";".join(f"{name}={value}" for name, value in self.cp)


class _Given:
    """The parameters of one command: each is taken once, and none may be left."""

    def __init__(self, name: str, parameters: Mapping[str, Value], now_us: int) -> None:
        self.name, self.now_us = name, now_us
        self._left = dict(parameters)
        self.shown: dict[str, Value] = {}

    def take(self, name: str, *, needed: bool = True) -> Value | None:
        value = self._left.pop(name, None)
        if value is None and needed:
            raise CommandInvalid(f"parameters.{name}", None, f"{self.name} needs it", f"give {name}")
        if value is not None:
            self.shown[name] = value
        return value

    def number(self, name: str, allowed: range | tuple[int, ...], words: str) -> str:
        value = self.take(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise CommandInvalid(f"parameters.{name}", value, f"{value!r} is not possible", f"use {words}")
        self.shown[name] = value
        return str(value)

    def text(self, name: str, form: re.Pattern[str], words: str, *, needed: bool = True) -> str | None:
        value = self.take(name, needed=needed)
        if value is None:
            return None
        if not form.fullmatch(str(value)):
            raise CommandInvalid(f"parameters.{name}", value, f"{value!r} is not possible", f"use {words}")
        return str(value)

    def time(self, name: str, *, needed: bool = True) -> int | None:
        value = self.take(name, needed=needed)
        if value is None:
            return None
        try:
            time_us = _moment_us(str(value))
        except ValueError:
            fix = "use RFC 3339 with an offset: 2026-11-01T08:00:00+08:00"
            raise CommandInvalid(f"parameters.{name}", value, f"{value!r} is not a time with its zone", fix) from None
        if not 0 < time_us < 4_102_444_800_000_000:
            raise CommandInvalid(f"parameters.{name}", value, f"{value!r} is not of this century", "check the year")
        return time_us

    def pollutant(self, *, needed: bool = False) -> tuple[tuple[str, str], ...]:
        code = self.text("pollutant", _POLLUTANT, "a pollutant code such as w01018 or a21026", needed=needed)
        return (("PolId", code),) if code else ()

    def finish(self) -> Mapping[str, Value]:
        if self._left:
            name = next(iter(self._left))
            value = self._left[name]
            raise CommandInvalid(f"parameters.{name}", value, f"{self.name} does not take it", f"remove {name}")
        return self.shown


def _moment_us(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


_Cp = tuple[tuple[str, str], ...]


def _nothing(given: _Given) -> _Cp:
    return ()


def _maybe_pollutant(given: _Given) -> _Cp:
    return given.pollutant()


def _pollutant(given: _Given) -> _Cp:
    return given.pollutant(needed=True)


def _set_clock(given: _Given) -> _Cp:
    pollutant = given.pollutant()
    time_us = given.time("time", needed=False)
    return (*pollutant, ("SystemTime", text_of(given.now_us if time_us is None else time_us)))


def _timeout(given: _Given) -> _Cp:
    over = given.number("timeout_s", range(1, 100), _TEN_S)
    return (("OverTime", over), ("ReCount", given.number("resends", range(100), "0 to 99")))


def _realtime_interval(given: _Given) -> _Cp:
    return (("RtdInterval", given.number("seconds", range(30, 3_601), "30 to 3600 seconds")),)


def _minute_interval(given: _Given) -> _Cp:
    words = f"one of {', '.join(map(str, MINUTE_INTERVALS))} minutes"
    return (("MinInterval", given.number("minutes", MINUTE_INTERVALS, words)),)


def _password(given: _Given) -> _Cp:
    new = given.take("password")
    given.shown["password"] = "******"
    if not _PASSWORD.fullmatch(str(new)):
        raise CommandInvalid("parameters.password", None, "not possible as PW", "use 1 to 6 letters and digits")
    return (("NewPW", str(new)),)


def _history(given: _Given) -> _Cp:
    from_us, to_us = _span(given)
    return (("BeginTime", text_of(from_us)), ("EndTime", text_of(to_us)))


def _span(given: _Given) -> tuple[int, int]:
    from_us, to_us = given.time("from") or 0, given.time("to") or 0
    if from_us > to_us:
        raise CommandInvalid("parameters.to", given.shown["to"], "before `from`", "give a later `to`")
    if to_us - from_us > _LONGEST_SPAN_US:
        raise CommandInvalid("parameters.to", given.shown["to"], "more than 400 days", "ask for a shorter span")
    return from_us, to_us


def _information(given: _Given) -> _Cp:
    pollutant = given.pollutant()
    info = given.text("info", _POLLUTANT, "an information code such as i12001 (HJ 212-2017, table B.10)")
    cp = (*pollutant, ("InfoId", str(info)))
    if "from" in given._left or "to" in given._left:
        from_us, to_us = _span(given)
        cp = (*cp, ("BeginTime", text_of(from_us)), ("EndTime", text_of(to_us)))
    return cp


def _set_parameter(given: _Given) -> _Cp:
    pollutant = given.pollutant()
    info = given.text("info", _POLLUTANT, "a parameter code such as i13004 (HJ 212-2017, table B.10)")
    value = given.text("value", _INFO_VALUE, "a text without ; , &")
    return (*pollutant, ("InfoId", str(info)), (f"{info}-Info", str(value)))


def _sampling_period(given: _Given) -> _Cp:
    pollutant = given.pollutant(needed=True)
    start = given.text("start", re.compile(r"([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"), "hhmmss, such as 000000")
    hours = given.number("hours", range(1, 25), "1 to 24 hours")
    # The standard prints CTime in its example and Ctime in its table; senders read either.
    return (*pollutant, ("CstartTime", str(start)), ("Ctime", hours))


@dataclass(frozen=True, slots=True)
class _Kind:
    cn: str
    reply: Reply
    parameters: Callable[[_Given], _Cp] = _nothing
    #: Acts on instruments of the plant: only where the configuration says ``allow_control``.
    control: bool = False


_KINDS: Mapping[str, _Kind] = {
    "set-timeout": _Kind("1000", Reply.RESULT, _timeout),
    "get-clock": _Kind("1011", Reply.DATA, _maybe_pollutant),
    "set-clock": _Kind("1012", Reply.RESULT, _set_clock),
    "get-realtime-interval": _Kind("1061", Reply.DATA),
    "set-realtime-interval": _Kind("1062", Reply.RESULT, _realtime_interval),
    "get-minute-interval": _Kind("1063", Reply.DATA),
    "set-minute-interval": _Kind("1064", Reply.RESULT, _minute_interval),
    "set-password": _Kind("1072", Reply.RESULT, _password),
    "start-realtime": _Kind("2011", Reply.STREAM),
    "stop-realtime": _Kind("2012", Reply.NOTICE),
    "start-status": _Kind("2021", Reply.STREAM),
    "stop-status": _Kind("2022", Reply.NOTICE),
    "history": _Kind("", Reply.DATA, _history),
    "calibrate": _Kind("3011", Reply.RESULT, _pollutant, control=True),
    "sample": _Kind("3012", Reply.RESULT, _pollutant, control=True),
    "clean": _Kind("3013", Reply.RESULT, _pollutant, control=True),
    "comparison-sample": _Kind("3014", Reply.RESULT, _pollutant, control=True),
    "retain-sample": _Kind("3015", Reply.DATA, control=True),
    "set-sampling-period": _Kind("3016", Reply.RESULT, _sampling_period, control=True),
    "get-sampling-period": _Kind("3017", Reply.DATA, _pollutant, control=True),
    "get-sampling-time": _Kind("3018", Reply.DATA, _pollutant),
    "get-serial": _Kind("3019", Reply.DATA, _pollutant),
    "get-information": _Kind("3020", Reply.DATA, _information),
    "set-parameter": _Kind("3021", Reply.RESULT, _set_parameter, control=True),
}
#: Names of all commands, and of those that need ``allow_control``.
NAMES = tuple(_KINDS)
CONTROL = frozenset(name for name, kind in _KINDS.items() if kind.control)
#: What a device sends by itself as well: it is no part of the answer to `Reply.STREAM` and `Reply.NOTICE`.
MOST_SHOWN = 100


def build(name: str, parameters: Mapping[str, Value], *, now_us: int, allow_control: bool) -> Built:
    """Check a command and make its fields. Raises CommandInvalid and CommandForbidden."""
    kind = _KINDS.get(name)
    if kind is None:
        raise CommandInvalid("command", name, f"{name!r} is not a command of HJ 212 here", f"use {', '.join(NAMES)}")
    given = _Given(name, parameters, now_us)
    cn = kind.cn
    if name == "history":
        of = given.take("of")
        cn = HISTORIES.get(str(of), "")
        if not cn:
            raise CommandInvalid("parameters.of", of, f"{of!r} is not kept", f"use {', '.join(HISTORIES)}")
    cp = kind.parameters(given)
    shown = given.finish()
    if kind.control and not allow_control:
        raise CommandForbidden(
            f"{name} ({cn}) acts on the plant's instruments: this connector's configuration does not say "
            "allow_control: true"
        )
    return Built(name=name, cn=cn, reply=kind.reply, cp=cp, shown=shown)


def at_this_moment(built: Built, now_us: int) -> Built:
    """What is sent now: a clock is set to the time of the sending, though the command had to wait or is sent again."""
    if built.name != "set-clock" or "time" in built.shown:
        return built
    fields = dict(built.cp) | {"SystemTime": text_of(now_us)}
    return replace(built, cp=tuple(fields.items()))


def is_pollutant(code: str) -> bool:
    """Whether it can be a pollutant's code."""
    return _POLLUTANT.fullmatch(code) is not None


def history(cn: str, first_us: int, last_us: int) -> Built:
    """A request for stored data: ``first_us`` and ``last_us`` are starts of periods, both included."""
    cp = (("BeginTime", text_of(first_us)), ("EndTime", text_of(last_us)))
    of = next(of for of, code in HISTORIES.items() if code == cn)
    shown: dict[str, Value] = {"of": of, "from": _rfc3339(first_us), "to": _rfc3339(last_us)}
    return Built(name="history", cn=cn, reply=Reply.DATA, cp=cp, shown=shown)


def _rfc3339(time_us: int) -> str:
    return (datetime.fromtimestamp(0, CHINA) + timedelta(microseconds=time_us)).isoformat()


#: QnRtn 请求返回 and ExeRtn 执行结果 (HJ 212-2017, tables 8 and 7), for a person.
QN_RTN: Mapping[int, str] = {
    1: "ready",
    2: "the device refuses",
    3: "the device says our PW is wrong; check the password in the configuration",
    4: "the device says our MN is wrong; check mn in the configuration",
    5: "the device says our ST is wrong; check st in the configuration",
    6: "the device says our Flag is wrong; check version in the configuration",
    7: "the device says our QN is wrong; check its clock",
    8: "the device does not know this command",
    9: "the device says our CRC is wrong",
    100: "the device gives an unknown reason",
}
EXE_RTN: Mapping[int, str] = {
    1: "done",
    2: "failed, cause unknown",
    3: "a condition of the command is wrong",
    4: "communication timed out behind the device",
    5: "the device is busy",
    6: "the device has a system fault",
    100: "the device has no data for this",
}


def words_of(table: Mapping[int, str], code: int | None) -> str:
    """What a code says."""
    return "the answer holds no code" if code is None else table.get(code, f"code {code}, which HJ 212 does not define")
