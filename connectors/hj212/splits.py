"""Split packets (拆分包): parts come one by one, each with its own QN and CRC, and an item may be torn between two.

Every part is read when it comes. Only the last item of a part waits for the next part where its data flag has not been
seen: the flag may come there, and a value without its flag would pass for a good one. Parts belong together by CN,
DataTime and PNUM of one logger (HJ 212-2017, C.47 to C.50: their QNs differ).
"""

from typing import NamedTuple, TypeVar

from connectors.hj212.packet import Packet
from connectors.hj212.shape import Shape

#: Items of one logger that may wait, and first items of parts that are remembered in case parts change places.
_MAX_ITEMS = 8
#: CN, DataTime, PNUM
_Whole = tuple[str, str, int]
_Kept = TypeVar("_Kept")
_Any = TypeVar("_Any")


class Piece(NamedTuple):
    """Names and values to be read as if they were one packet; names with their separators, as in `Packet.keys`."""

    cn: str
    st: str
    keys: tuple[str, ...]
    values: list[str]


class _Item(NamedTuple):
    st: str
    code: str
    keys: list[str]
    values: list[str]


class Splits:
    """What one logger has begun and not ended."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[_Whole, int], _Item] = {}
        self._firsts: dict[tuple[_Whole, int], _Item] = {}
        #: A part after the first may leave out DataTime.
        self._times: dict[tuple[str, int], str] = {}
        #: Items that were read without what may have followed.
        self.given_up = 0

    def take(self, packet: Packet) -> list[Piece]:
        """What is to be read now that this part has come; its own piece first."""
        pno, pnum = packet.pno or 0, packet.pnum or 0
        keys, values = list(packet.keys[:-1]), list(packet.values)
        time = packet.params.get("DataTime", "")
        if not time and (time := self._times.get((packet.cn, pnum), "")):
            keys, values = [*keys, ";DataTime"], [*values, time]
        elif time:
            self._times[packet.cn, pnum] = time
            _shorten(self._times)
        whole = (packet.cn, time, pnum)
        late = self._release(packet.cn, whole)
        if runs := _runs(packet.shape):
            first, last = runs[0], runs[-1]
            before = self._waiting.pop((whole, pno - 1), None)
            self._firsts[whole, pno] = item = _item(packet, keys, values, first)
            _shorten(self._firsts)
            if before is not None and before.code == item.code:
                keys[first.start : first.start] = before.keys
                values[first.start : first.start] = before.values
                more = len(before.keys)
                last = slice(last.start if first == last else last.start + more, last.stop + more)
            elif before is not None:
                late.append(self._alone(whole, before))
            if pno < pnum:
                self._hold_last((whole, pno), _item(packet, keys, values, last), last, keys, values)
        while len(self._waiting) > _MAX_ITEMS:
            (oldest, _), item = next(iter(self._waiting.items()))
            late += self._release(packet.cn, whole, only=oldest)
        return [Piece(packet.cn, packet.st, (*keys, ""), values), *late]

    def other(self, packet: Packet) -> list[Piece]:
        """A packet that is not split has come: what waits among those of its CN waits for nothing more."""
        return self._release(packet.cn, None) if self._waiting else []

    def _hold_last(
        self, part: tuple[_Whole, int], item: _Item, where: slice, keys: list[str], values: list[str]
    ) -> None:
        if any(key.endswith("-Flag") for key in item.keys):
            return
        following = self._firsts.get((part[0], part[1] + 1))
        if following is None:
            del keys[where], values[where]
            self._waiting[part] = item
        elif following.code == item.code:
            keys += following.keys
            values += following.values

    def _release(self, cn: str, but: _Whole | None, only: _Whole | None = None) -> list[Piece]:
        found = [
            part
            for part in self._waiting
            if (part[0] == only if only is not None else part[0][0] == cn and part[0] != but)
        ]
        return [self._alone(part[0], self._waiting.pop(part)) for part in found]

    def _alone(self, whole: _Whole, item: _Item) -> Piece:
        self.given_up += 1
        return Piece(whole[0], item.st, ("DataTime", *item.keys, ""), [whole[1], *item.values])


def _runs(shape: Shape) -> list[slice]:
    """Names in a row that belong to one item; plain parameters are none."""
    found: list[slice] = []
    for place, (code, suffix) in enumerate(shape.names):
        if not suffix:
            continue
        if found and found[-1].stop == place and shape.names[place - 1][0] == code:
            found[-1] = slice(found[-1].start, place + 1)
        else:
            found.append(slice(place, place + 1))
    return found


def _item(packet: Packet, keys: list[str], values: list[str], where: slice) -> _Item:
    code = keys[where][0].strip(" ;,").partition("-")[0]
    return _Item(packet.st, code, keys[where], values[where])


def _shorten(kept: dict[_Kept, _Any]) -> None:
    while len(kept) > _MAX_ITEMS:
        del kept[next(iter(kept))]
