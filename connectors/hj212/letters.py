"""How many dead letters a stranger or a device may leave: rubbish that is sent to us must not fill the database."""

from typing import NamedTuple

_HOUR_US = 3_600_000_000
#: Addresses that are remembered; with more of them the oldest begins anew.
_MOST_ADDRESSES = 10_000


class Refusal(NamedTuple):
    """A letter too many."""

    #: The first of its hour: it says that there are more.
    is_first: bool
    words: str


class LetterBudget:
    """By address and hour."""

    def __init__(self, most_per_hour: int) -> None:
        self._most = most_per_hour
        self._counts: dict[str, tuple[int, int]] = {}

    def refuse(self, address: str, now_us: int) -> Refusal | None:
        """None: one more may be kept."""
        hour = now_us // _HOUR_US
        since, count = self._counts.pop(address, (hour, 0))
        if since != hour:
            count = 0
        self._counts[address] = (hour, count + 1)
        if len(self._counts) > _MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]
        if count < self._most:
            return None
        words = f"{self._most} dead letters from {address} within this hour; more of them are not kept."
        return Refusal(count == self._most, words)
