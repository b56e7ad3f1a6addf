"""From packets to samples and reported means, for the tags of one connector."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from connectors.codecs.base import Refusal, Rows
from connectors.hj212.beijing import time_us
from connectors.hj212.content import Content
from connectors.hj212.packet import Packet
from connectors.hj212.plan import DATA_CNS, DAY, HOUR, INFORMATION, PERIOD_CNS, DeviceTags
from connectors.hj212.shape import Shape, shape_of
from connectors.hj212.splits import Splits
from park.index import TagInfo, TagTable
from park.periods import DAY_S, HOUR_S

#: MinInterval of HJ 212-2017, table 9; and what is assumed where nothing tells it.
_MINUTE_LENGTHS_S = frozenset(60 * minutes for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30))
_USUAL_MINUTE_S = 600


class Reading(NamedTuple):
    """What became of one packet, beside the rows that were appended."""

    #: One for each reason; the packet goes into the dead letters with it.
    refusals: Sequence[Refusal] = ()
    #: What was odd about values and tolerated, beyond `Packet.deviations`.
    deviations: tuple[str, ...] = ()
    samples: int = 0
    periods: int = 0


class Reader:
    """Reads the packets of all loggers of one connector; a tag's ``device`` is the MN, its address ``CODE-SUFFIX``.

    An address without a suffix means ``-Rtd``. Values of an instant (2011, 2021, 3020) become samples at ``DataTime``,
    or at ``SampleTime`` where an item has its own. Addresses of means and amounts (``a21026-Avg``, ``-Cou``) become
    samples of the minute data (2051) at the start of the period; so do ``-RT`` of 2041 and ``-DayData`` of 2031. What
    2051, 2061 and 2031 report of a pollutant whose real-time value has a tag (or, without one, whose mean has) also
    becomes a row of `park.periods.PeriodBatch`. Codes of 2005 are also looked up by what they are called since 2017.
    """

    def __init__(self, tags: TagTable, connector: str) -> None:
        self._devices = _devices_of(tags.of_connector(connector))

    @classmethod
    def of(cls, infos: Iterable[TagInfo]) -> "Reader":
        """For these tags, whatever their connector."""
        made = cls.__new__(cls)
        made._devices = _devices_of(infos)
        return made

    def __contains__(self, mn: str) -> bool:
        """Whether any tag comes from this logger."""
        return mn in self._devices

    def unmapped(self, mn: str) -> frozenset[str]:
        """Codes that this logger has sent values of, and that no tag takes."""
        device = self._devices.get(mn)
        return frozenset(device.tags.unmapped) if device else frozenset()

    def read(
        self,
        packet: Packet,
        rows: Rows,
        *,
        asked: bool = False,
        minute_s: int | None = None,
        strict: bool = False,
    ) -> Reading:
        """Append what ``packet`` holds to ``rows``. Raises nothing.

        ``asked``: it came because we asked for history. ``minute_s``: length of this logger's minute data; None: it is
        learnt. ``strict``: a value that is written oddly is refused instead of read.
        """
        if packet.encrypted:
            detail = f"CP of {packet.cn} is encrypted (HJ 212-2025); its key is not known here, so it is kept as it is"
            return Reading((Refusal("needs_key", detail),))
        if packet.cn not in DATA_CNS or not packet.values:
            return Reading()
        samples, periods = len(rows.tag), len(rows.periods)
        content = Content(rows, asked=asked, strict=strict)
        device = self._devices.get(packet.mn)
        if device is None:
            content.check_time(packet)
        else:
            device.read(packet, content, minute_s)
        return Reading(content.refusals(), tuple(content.odd), len(rows.tag) - samples, len(rows.periods) - periods)


class _Device:
    """One logger's."""

    def __init__(self, tags: DeviceTags) -> None:
        self.tags = tags
        self._splits = Splits()
        #: Length of its 2051 periods as learnt; 0: not yet.
        self._minute_s = 0
        self._last_minute_us = 0

    def read(self, packet: Packet, content: Content, minute_s: int | None) -> None:
        """A packet, and what has waited for it."""
        if packet.is_split:
            pieces = self._splits.take(packet)
        else:
            pieces = self._splits.other(packet)
            self._read(packet, packet.cn, packet.st, packet.shape, packet.values, content, minute_s)
        for piece in pieces:  # of another CN, perhaps
            self._read(packet, piece.cn, piece.st, shape_of(piece.keys), piece.values, content, minute_s)

    def _read(
        self,
        packet: Packet,
        cn: str,
        st: str,
        shape: Shape,
        values: list[str],
        content: Content,
        minute_s: int | None,
    ) -> None:
        about = packet.params.get("PolId", "") if cn == INFORMATION else ""
        plan = self.tags.plan(cn, st, about, shape)
        at_us = content.data_time(plan, values)
        if plan.samples:
            content.samples(plan, at_us, shape, values)
        if cn in PERIOD_CNS and at_us is not None:
            length_s = {HOUR: HOUR_S, DAY: DAY_S}.get(cn) or minute_s or self._learn_minute_s(packet, at_us)
            content.periods(plan, at_us, length_s, shape, values)

    def _learn_minute_s(self, packet: Packet, at_us: int) -> int:
        """The least distance between starts of minute data; before two are known, from when this was sent (QN)."""
        apart_s = abs(at_us - self._last_minute_us) // 1_000_000
        self._last_minute_us = at_us
        if apart_s in _MINUTE_LENGTHS_S and (not self._minute_s or apart_s < self._minute_s):
            self._minute_s = apart_s
        if self._minute_s:
            return self._minute_s
        sent_us = time_us(packet.qn)
        since_s = (sent_us - at_us) // 60_000_000 * 60 if sent_us is not None else 0
        return since_s if since_s in _MINUTE_LENGTHS_S else _USUAL_MINUTE_S


def _devices_of(infos: Iterable[TagInfo]) -> dict[str, _Device]:
    by_mn: dict[str, list[TagInfo]] = {}
    for info in infos:
        if info.from_ is not None and info.from_.device:
            by_mn.setdefault(info.from_.device, []).append(info)
    return {mn: _Device(DeviceTags(mine)) for mn, mine in by_mn.items()}
