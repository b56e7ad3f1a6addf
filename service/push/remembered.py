"""What requests with an ``Idempotency-Key`` were answered, so that sending one again changes nothing. In memory."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.push.refused import InProgress, KeyReused


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: 202 or 422, and the report."""

    status: int
    report: dict[str, Any]

    @property
    def weight(self) -> int:
        """What it takes in memory, in answers that name no row."""
        return 1 + len(self.report.get("rows", ()))


@dataclass(slots=True)
class _Entry:
    fingerprint: bytes
    at_s: float
    #: None: it is being worked on.
    answer: Answer | None = None

    @property
    def weight(self) -> int:
        return self.answer.weight if self.answer is not None else 1


def fingerprint(*parts: bytes) -> bytes:
    """Of a request: another one with the same key is a mistake."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


class Remembered:
    """Answers by caller and key; the oldest go first. One that names bad rows counts for more than one."""

    def __init__(self, *, most: int, for_s: float, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._for_s = for_s
        self._steady_s = steady_s
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._weight = 0

    def begin(self, caller: str, key: str, print_: bytes) -> Answer | None:
        """The answer that was given; None: there is none, and the caller is to `keep` or `forget` its own.

        Raises KeyReused, InProgress.
        """
        now_s = self._steady_s()
        entry = self._entries.get((caller, key))
        if entry is not None and now_s - entry.at_s <= self._for_s:
            if entry.fingerprint != print_:
                raise KeyReused(f"Idempotency-Key {key[:40]!r} came with another body before; use a new key for each")
            if entry.answer is None:
                raise InProgress(f"the request with Idempotency-Key {key[:40]!r} is being worked on; ask again")
            return entry.answer
        self.forget(caller, key)
        self._entries[caller, key] = _Entry(print_, now_s)
        self._weight += 1
        self._make_room()
        return None

    def _make_room(self) -> None:
        while self._weight > self._most and self._entries:
            _, gone = self._entries.popitem(last=False)
            self._weight -= gone.weight

    def keep(self, caller: str, key: str, answer: Answer) -> None:
        """For whoever comes with the same key."""
        entry = self._entries.get((caller, key))
        if entry is not None:
            self._weight += answer.weight - entry.weight
            entry.answer = answer
            self._make_room()

    def forget(self, caller: str, key: str) -> None:
        """It failed; the next attempt is a first one."""
        gone = self._entries.pop((caller, key), None)
        self._weight -= gone.weight if gone is not None else 0
