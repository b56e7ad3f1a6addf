"""One request at a time to one logger: 9011, data, 9012 (HJ 212-2017, 6.6 and annex C), with resends and patience."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.devices import DeviceAway, DeviceSilent, Outcome, Result
from connectors.hj212.commands import EXE_RTN, MOST_SHOWN, QN_RTN, Built, Reply, words_of
from connectors.hj212.packet import Packet

ACCEPTED, EXECUTED, NOTICED = "9011", "9012", "9013"
#: CNs that are answers to ours.
ANSWERS = frozenset({ACCEPTED, EXECUTED, NOTICED})
#: Commands that may wait for their turn with one logger.
_MOST_WAITING = 4
_READY, _SUCCESS, _NO_DATA = 1, 1, 100
#: After the last packet of data that comes without a result, where a result is not always sent.
_QUIET_S = 5.0
#: However much comes, a request is over after this.
_LONGEST_S = 3_600.0


@dataclass(slots=True)
class _Request:
    """What has come for one command so far."""

    built: Built
    qn: str
    qn_rtn: int | None = None
    accepted: bool = False
    exe_rtn: int | None = None
    executed: bool = False
    noticed: bool = False
    packets: int = 0
    data: list[Mapping[str, str]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def is_mine(self, packet: Packet) -> bool:
        """By QN, which an answer repeats; data may have QNs of their own (annex C.20)."""
        return packet.qn == self.qn or not packet.qn

    def asked_for(self, packet: Packet) -> bool:
        """Whether it is data that this request brings, and not what the logger sends by itself meanwhile."""
        if packet.cn != self.built.cn or self.built.reply is not Reply.DATA:
            return False
        span = dict(self.built.cp)
        if "BeginTime" not in span or packet.qn == self.qn:
            return True
        return span["BeginTime"] <= packet.params.get("DataTime", "")[:14] <= span["EndTime"]

    def take(self, packet: Packet) -> bool:
        """Whether it belongs to this request."""
        if packet.cn in ANSWERS:
            if not self.is_mine(packet):
                return False
            self._answered(packet)
        elif self.asked_for(packet):
            self.packets += 1
            if len(self.data) < MOST_SHOWN:
                self.data.append(_flat(packet))
        else:
            return False
        self.news.set()
        return True

    def _answered(self, packet: Packet) -> None:
        if packet.cn == ACCEPTED:
            self.accepted, self.qn_rtn = True, _code(packet, "QnRtn")
        elif packet.cn == EXECUTED:
            self.executed, self.exe_rtn = True, _code(packet, "ExeRtn")
        else:
            self.noticed = True

    @property
    def heard(self) -> bool:
        """The logger said anything about it. Some send data or the result without 9011 first."""
        return self.accepted or self.executed or self.noticed or bool(self.packets)

    @property
    def refused(self) -> bool:
        """It will not do it."""
        return self.accepted and self.qn_rtn not in (_READY, None)

    @property
    def over(self) -> bool:
        """Nothing more is to come."""
        if self.executed or self.noticed or self.refused:
            return True
        return self.accepted and self.built.reply in (Reply.STREAM, Reply.NOTICE)

    def outcome(self) -> Outcome:
        """As it stands."""
        result, words, code = self._verdict()
        return Outcome(
            result=result,
            words=words,
            code=self.built.cn,
            answer=code,
            data=tuple(self.data),
            packets=self.packets,
        )

    def _verdict(self) -> tuple[Result, str, int | None]:
        if self.refused:
            return Result.REFUSED, words_of(QN_RTN, self.qn_rtn), self.qn_rtn
        if self.executed:
            words = words_of(EXE_RTN, self.exe_rtn)
            if self.exe_rtn == _NO_DATA:
                return Result.NO_DATA, words, self.exe_rtn
            return (Result.DONE if self.exe_rtn == _SUCCESS else Result.FAILED), words, self.exe_rtn
        if self.noticed or (self.packets and self.built.reply is Reply.DATA):
            return Result.DONE, "the device sent what was asked" if self.packets else "the device took note", None
        if self.built.reply in (Reply.STREAM, Reply.NOTICE):
            return Result.ACCEPTED, "the device accepted it", self.qn_rtn
        return Result.ACCEPTED, "the device accepted it and told no result in time", self.qn_rtn


class Dialogue:
    """With one logger. ``send`` hands a request to its connection; False: it has none."""

    def __init__(
        self,
        send: Callable[[Built, str], bool],
        new_qn: Callable[[], str],
        *,
        answer_timeout_s: float,
        resends: int,
        execution_timeout_s: float,
    ) -> None:
        self._send, self._new_qn = send, new_qn
        self._answer_timeout_s, self._resends = answer_timeout_s, resends
        self._execution_timeout_s = execution_timeout_s
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._request: _Request | None = None

    @property
    def busy(self) -> bool:
        """A request is under way."""
        return self._turn.locked()

    def take(self, packet: Packet) -> bool:
        """Whether it answers the request that is under way."""
        return self._request is not None and self._request.take(packet)

    def asked_for(self, packet: Packet) -> bool:
        """Whether it is data that the request under way brings."""
        return self._request is not None and self._request.asked_for(packet)

    async def ask(self, built: Built) -> Outcome:
        """Raises DeviceAway (nothing was sent) and DeviceSilent (it was sent, again and again)."""
        with self._in_line():
            async with self._turn:
                self._request = _Request(built, self._new_qn())
                try:
                    await self._until_heard(self._request)
                    await self._until_over(self._request)
                    return self._request.outcome()
                finally:
                    self._request = None

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        if self._waiting >= _MOST_WAITING:
            raise DeviceAway("the device is busy with other commands; try again in a minute")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def _until_heard(self, request: _Request) -> None:
        told = 0
        for _ in range(1 + self._resends):
            if self._send(request.built, request.qn):
                told += 1
            elif not told:
                raise DeviceAway("the device is not connected")
            if await self._news(request, self._answer_timeout_s):
                return
        raise DeviceSilent(
            f"the device did not answer within {self._answer_timeout_s:g} s, {told} times; "
            "whether it did anything is not known"
        )

    async def _until_over(self, request: _Request) -> None:
        ends_s = asyncio.get_running_loop().time() + _LONGEST_S
        while not request.over and asyncio.get_running_loop().time() < ends_s:
            request.news.clear()
            quiet_s = _QUIET_S if request.packets and not request.accepted else self._execution_timeout_s
            if not await self._news(request, quiet_s):
                return

    async def _news(self, request: _Request, within_s: float) -> bool:
        try:
            await asyncio.wait_for(request.news.wait(), within_s)
        except TimeoutError:
            return False
        return True


def _code(packet: Packet, name: str) -> int | None:
    text = packet.params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _flat(packet: Packet) -> dict[str, str]:
    """``{"DataTime": ..., "w01018-SN": ...}``"""
    return {
        f"{group.code}-{suffix}" if suffix else group.code: value
        for group in packet.cp
        for suffix, value in group.fields.items()
    }
