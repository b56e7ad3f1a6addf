"""What a data logger answers to its host: 9011 that it will, the data, 9012 that it did (HJ 212-2017, 6.6, Annex C)."""

from collections.abc import Callable, Iterator, Sequence

from simulators.hj212_logger import Logger, run_groups
from simulators.hj212_packet import Group, Told, beijing, from_beijing
from simulators.hj212_periods import DAY, HOUR, MINUTE

_REPLY_ST = 91
#: QnRtn.
_READY, _WRONG_PW, _WRONG_MN, _WRONG_CN = 1, 3, 4, 8
_REFUSED = 2
#: ExeRtn.
_DONE, _FAILED, _NO_DATA = 1, 2, 100
#: A calibration that a host asks for takes so long.
_CALIBRATION_US = 120_000_000
_MINUTES_ALLOWED = frozenset((1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30))

#: The data packets, and how it ended.
Done = tuple[list[Sequence[Group]], int]


class Commands:
    """Of one logger. The telegrams of an answer are made one by one: history may be long."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._sampling: dict[str, tuple[str, str]] = {}
        self._does: dict[int, Callable[[Told], Done]] = {
            1000: lambda told: ([], _DONE),
            1011: self._clock,
            1012: self._set_clock,
            1061: lambda told: ([[[("RtdInterval", str(logger.realtime_us // 1_000_000))]]], _DONE),
            1062: self._set_realtime,
            1063: lambda told: ([[[("MinInterval", str(max(1, logger.periods.minute_us // 60_000_000)))]]], _DONE),
            1064: self._set_minute,
            1072: self._set_password,
            2011: lambda told: self._realtime(on=True),
            2021: lambda told: self._states(on=True),
            2031: self._history,
            2041: self._run_hours,
            2051: self._history,
            2061: self._history,
            3011: self._calibrate,
            3012: self._does_it,
            3013: self._does_it,
            3014: self._does_it,
            3015: lambda told: ([[[("DataTime", self._now()), ("VaseNo", "1")]]], _DONE),
            3016: self._set_sampling,
            3017: self._sampling_of,
            3018: lambda told: ([[[("PolId", told.cp.get("PolId", ""))], [("Stime", "40")]]], _DONE),
            3019: self._serial,
            3020: self._information,
            3021: self._set_parameter,
        }

    def answer(self, told: Told) -> Iterator[bytes]:
        """All telegrams that follow a command."""
        refusal = self._refusal(told)
        if told.cn in (2012, 2022):
            if refusal == _READY:
                (self._realtime if told.cn == 2012 else self._states)(on=False)
                yield self._reply(told, 9013)
            return
        yield self._reply(told, 9011, [[("QnRtn", str(refusal))]])
        if refusal != _READY:
            return
        hand = self._logger.hand
        before = hand.password
        packets, ended = self._does[told.cn](told)
        for groups in packets:
            yield from self._data(told, groups)
        # A new password counts from the next telegram on; this exchange ends under the old one.
        after, hand.password = hand.password, before
        yield self._reply(told, 9012, [[("ExeRtn", str(ended))]])
        hand.password = after

    def _refusal(self, told: Told) -> int:
        hand = self._logger.hand
        if told.mn != hand.mn:
            return _WRONG_MN
        if told.pw != hand.password:
            return _WRONG_PW
        return _READY if told.cn in self._does or told.cn in (2012, 2022) else _WRONG_CN

    def _reply(self, told: Told, cn: int, groups: Sequence[Group] = ()) -> bytes:
        hand = self._logger.hand
        return hand.seal(hand.write(cn=cn, st=_REPLY_ST, qn=told.qn, groups=groups, reply=True))

    def _data(self, told: Told, groups: Sequence[Group]) -> Iterator[bytes]:
        logger, hand = self._logger, self._logger.hand
        parts = hand.split(groups, logger.config.split_at)
        for number, part in enumerate(parts, 1):
            segment = hand.write(
                cn=told.cn,
                st=logger.wiring.system,
                qn=logger.number() if hand.quirks.own_numbers else told.qn,
                groups=part,
                part=(number, len(parts)) if len(parts) > 1 else None,
                reply=True,
            )
            yield hand.seal(segment)

    def _now(self) -> str:
        return beijing(self._logger.time_us())

    def _at_now(self) -> Group:
        return [("DataTime", self._now())]

    # ------------------------------------------------------------------------------------------------- settings

    def _clock(self, told: Told) -> Done:
        pol = [[("PolId", told.cp["PolId"])]] if "PolId" in told.cp else []
        return [[*pol, [("SystemTime", self._now())]]], _DONE

    def _set_clock(self, told: Told) -> Done:
        try:
            time_us = from_beijing(told.cp.get("SystemTime", ""))
        except ValueError:
            return [], _FAILED
        if "PolId" not in told.cp:  # with it, it is an analyser's clock that is set, which nobody sees
            self._logger.set_time(time_us)
        return [], _DONE

    def _set_realtime(self, told: Told) -> Done:
        seconds = _number(told.cp.get("RtdInterval"))
        if not 30 <= seconds <= 3600:
            return [], _FAILED
        self._logger.set_realtime(seconds * 1_000_000)
        return [], _DONE

    def _set_minute(self, told: Told) -> Done:
        minutes = _number(told.cp.get("MinInterval"))
        if minutes not in _MINUTES_ALLOWED:
            return [], _FAILED
        self._logger.periods.lasting(minutes * 60_000_000)
        return [], _DONE

    def _set_password(self, told: Told) -> Done:
        password = told.cp.get("NewPW", "")
        if not password:
            return [], _FAILED
        self._logger.hand.password = password
        return [], _DONE

    # ----------------------------------------------------------------------------------------------------- data

    def _realtime(self, *, on: bool) -> Done:
        self._logger.sends_realtime = on
        if on:
            self._logger.tell_realtime(self._logger.time_us())
        return [], _DONE

    def _states(self, *, on: bool) -> Done:
        self._logger.sends_states = on
        if on:
            self._logger.tell_states(self._logger.time_us())
        return [], _DONE

    def _span(self, told: Told) -> tuple[int, int] | None:
        try:
            return from_beijing(told.cp.get("BeginTime", "")), from_beijing(told.cp.get("EndTime", ""))
        except ValueError:
            return None

    def _history(self, told: Told) -> Done:
        cn = {2051: MINUTE, 2061: HOUR, 2031: DAY}[told.cn]
        span = self._span(told)
        if span is None:
            return [], _FAILED
        found = self._logger.periods.between(cn, *span)
        return [self._logger.groups_of(one) for one in found], _DONE if found else _NO_DATA

    def _run_hours(self, told: Told) -> Done:
        span = self._span(told)
        if span is None:
            return [], _FAILED
        found: list[Sequence[Group]] = [
            [[("DataTime", beijing(start_us))], *run_groups(hours)]
            for start_us, hours in self._logger.run_hours.items()
            if span[0] <= start_us <= span[1]
        ]
        return found, _DONE if found else _NO_DATA

    # ------------------------------------------------------------------------------------------------- analysers

    def _code(self, told: Told) -> str | None:
        asked, hand = told.cp.get("PolId", ""), self._logger.hand
        known = (one.code for one in self._logger.wiring.channels)
        return next((code for code in known if asked in (code, hand.code(code))), None)

    def _does_it(self, told: Told) -> Done:
        return [], _DONE if self._code(told) else _FAILED

    def _calibrate(self, told: Told) -> Done:
        code = self._code(told)
        return [], _DONE if code and self._logger.calibrate(code, _CALIBRATION_US) else _FAILED

    def _set_sampling(self, told: Told) -> Done:
        code = self._code(told)
        if code is None:
            return [], _FAILED
        self._sampling[code] = told.cp.get("CstartTime", "000000"), told.cp.get("CTime", told.cp.get("Ctime", "2"))
        return [], _DONE

    def _sampling_of(self, told: Told) -> Done:
        code = self._code(told)
        if code is None:
            return [], _FAILED
        start, hours = self._sampling.get(code, ("000000", "2"))
        return [[[("PolId", told.cp["PolId"])], [("CstartTime", start)], [("CTime", hours)]]], _DONE

    def _serial(self, told: Told) -> Done:
        if self._code(told) is None:
            return [], _FAILED
        pol = told.cp["PolId"]
        return [[[("PolId", pol)], [(f"{pol}-SN", f"{self._logger.mn[:20]}0001")]]], _DONE

    def _information(self, told: Told) -> Done:
        name = told.cp.get("InfoId", "i12001")
        states = {code: str(state) for code, state in self._logger.states.items()}
        known = {"i11001": "//清洗管路//", "i12001": "0", "i12003": "0", **self._logger.parameters, **states}
        if name not in known:
            return [], _NO_DATA
        pol = [[("PolId", told.cp["PolId"])]] if "PolId" in told.cp else []
        return [[self._at_now(), *pol, [(f"{name}-Info", known[name])]]], _DONE

    def _set_parameter(self, told: Told) -> Done:
        name = told.cp.get("InfoId", "")
        value = told.cp.get(f"{name}-Info")
        if not name.startswith("i13") or value is None:
            return [], _FAILED
        self._logger.parameters[name] = value
        return [], _DONE


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        return -1
