"""Takes bodies in: read beside the event loop, in pieces that do not hold it up, durable before they are answered."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.base import IntakeRefused
from connectors.http.connector import HttpConnector, Sender
from connectors.http.decode import BodyInvalid, BodyTooLarge, Content, decode
from connectors.http.judge import Judged
from connectors.http.senders import Allowed, allowed
from park.batch import DeadLetter, SampleBatch, empty_batch
from park.index import TagTable
from service.clock import Clock
from service.push.limiter import Bucket
from service.push.policy import PushPolicy
from service.push.refused import Busy, NoPush, PushRefused, Unpushable
from service.push.remembered import Answer, Remembered, fingerprint

#: A larger body is read beside the event loop.
_BESIDE_BYTES = 16_384
#: Samples that go to the intake at once: the engine works through them in one go.
_PIECE_ROWS = 20_000
#: What a dead letter keeps: of bad rows, and of a body that cannot be read at all.
_KEPT_ROWS_BYTES, _KEPT_BODY_BYTES = 8 * 1024 * 1024, 65_536
#: What a sample takes in a body, at least: a body without samples counts as so many of them.
_BYTES_A_ROW = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One request, its body read."""

    body: bytes
    content: Content
    sender: Sender
    #: Empty: none was given.
    idempotency_key: str = ""


class PushDesk:
    """One a service. It takes nothing before `open`."""

    def __init__(self, policy: PushPolicy, tags: TagTable, clock: Clock) -> None:
        self.policy = policy
        self._tags = tags
        self._clock = clock
        self._connectors: dict[str, HttpConnector] = {}
        self._allowed: dict[str, Allowed] = {}
        self._decoding = asyncio.Semaphore(policy.decoding_at_once)
        self._held_bytes = 0
        self.requests = Bucket("requests", per_s=policy.requests_per_s, at_once=policy.requests_at_once)
        self.rows = Bucket("samples", per_s=policy.rows_per_s, at_once=float(policy.most_rows))
        self._remembered = Remembered(most=policy.remembered, for_s=policy.remembered_for / 1e6)
        #: Samples that were said twice in one request, of all so far.
        self.duplicates = 0

    def open(self, connectors: Sequence[HttpConnector]) -> None:
        """From now on samples for these are taken."""
        self._connectors = {one.health.connector: one for one in connectors}
        self._allowed.clear()

    def admit(self, caller: str) -> None:
        """Before a body is read. Raises TooMany, NoPush."""
        if not self._connectors:
            raise NoPush("this service takes no samples over HTTP: no connector of kind http is configured")
        self.requests.check(caller, 1.0)
        self.requests.take(caller, 1.0)
        self.rows.check(caller)

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """For the body of one request, until it is dealt with."""
        room = Room(self)
        try:
            yield room
        finally:
            self._held_bytes -= room.held_bytes

    def hold(self, count: int) -> None:
        """So many bytes more are in memory. Raises Busy."""
        if self._held_bytes + count > self.policy.most_held_bytes:
            raise Busy("too many requests are being received; send this one again")
        self._held_bytes += count

    async def push(self, push: Push) -> tuple[Answer, bool]:
        """The answer, and whether it was given before. Raises PushRefused, BodyTooLarge, IntakeRefused."""
        caller, key = push.sender.name, push.idempotency_key
        if not key:
            return await self._take(push), False
        content = f"{push.content.form}\n{push.content.encoding}\n{push.content.charset}".encode()
        known = self._remembered.begin(caller, key, fingerprint(content, push.body))
        if known is not None:
            return known, True
        try:
            answer = await self._take(push)
        except BaseException:
            self._remembered.forget(caller, key)
            raise
        self._remembered.keep(caller, key, answer)
        return answer, False

    async def _take(self, push: Push) -> Answer:
        may = self._may(push.sender.enterprise)
        now_us = self._clock()
        try:
            judged = await self._judge(push, may, now_us)
            if not judged.rows:
                raise BodyInvalid("there are no samples in it")
        except (BodyInvalid, BodyTooLarge) as error:
            self.rows.take(push.sender.name, len(push.body) / _BYTES_A_ROW)
            if isinstance(error, BodyTooLarge):
                raise
            letter = self._letter(push, may, "undecodable", str(error), push.body[:_KEPT_BODY_BYTES])
            await self._put(empty_batch(received_us=now_us, origin=letter.origin), [letter], push.sender, 0)
            raise Unpushable(str(error)) from None
        self.rows.take(push.sender.name, judged.rows)
        self.duplicates += judged.duplicates
        letters = [
            self._letter(push, may, refusal.reason, refusal.detail + _cut(raw), raw[:_KEPT_ROWS_BYTES])
            for refusal, raw in judged.refusals
        ]
        await self._store(judged, letters, push.sender, now_us)
        return Answer(202 if len(judged.tag) else 422, report_of(judged))

    def _may(self, enterprise: str) -> Allowed:
        found = self._allowed.get(enterprise)
        if found is None:
            found = self._allowed[enterprise] = allowed(self._tags, self._connectors, enterprise or None)
        return found

    async def _judge(self, push: Push, may: Allowed, now_us: int) -> Judged:
        limits = self.policy.limits()
        async with self._decoding:
            if len(push.body) <= _BESIDE_BYTES and not push.content.encoding:
                return decode(push.body, push.content, may, now_us, limits)
            return await asyncio.to_thread(decode, push.body, push.content, may, now_us, limits)

    def _letter(self, push: Push, may: Allowed, reason: str, detail: str, raw: bytes) -> DeadLetter:
        owners = {info.from_.connector for info in may.tags.infos if info.from_ and self._is_of(push, info.enterprise)}
        return DeadLetter(
            origin=next((one for one in self._connectors if one in owners), next(iter(self._connectors))),
            received_us=self._clock(),
            reason=reason,
            detail=detail,
            raw=raw,
            address=f"{push.content.form} from {push.sender.peer or 'unknown'} by key {push.sender.name}",
            enterprise=push.sender.enterprise,
        )

    @staticmethod
    def _is_of(push: Push, enterprise: str) -> bool:
        return push.sender.enterprise in ("", enterprise)

    async def _store(self, judged: Judged, letters: list[DeadLetter], sender: Sender, now_us: int) -> None:
        """Piece by piece, oldest first, so that alarms of the rest of the park come between."""
        async for batch in self._pieces(judged, now_us):
            of_it = [letter for letter in letters if letter.origin == batch.origin]
            letters = [letter for letter in letters if letter.origin != batch.origin]
            await self._put(batch, of_it, sender, judged.rejected if of_it else 0)
        for letter in letters:
            empty = empty_batch(received_us=now_us, origin=letter.origin)
            await self._put(empty, [letter], sender, judged.rejected)

    async def _pieces(self, judged: Judged, now_us: int) -> AsyncIterator[SampleBatch]:
        names = list(self._connectors)
        of_tag = np.full(self._tags.size, -1, np.int16)
        for number, name in enumerate(names):
            of_tag[[info.ix for info in self._tags.of_connector(name)]] = number
        for begin in range(0, len(judged.tag), _PIECE_ROWS):
            piece = slice(begin, begin + _PIECE_ROWS)
            owner = of_tag[judged.tag[piece]]
            for number in np.unique(owner).tolist():
                mine = owner == number
                yield SampleBatch(
                    tag=judged.tag[piece][mine],
                    time_us=judged.time_us[piece][mine],
                    value=judged.value[piece][mine],
                    quality=judged.quality[piece][mine],
                    received_us=now_us,
                    origin=names[number],
                )

    async def _put(self, batch: SampleBatch, letters: Sequence[DeadLetter], sender: Sender, rejected: int) -> None:
        try:
            async with asyncio.timeout(self.policy.intake_within / 1e6):
                await self._connectors[batch.origin].take(batch, letters, sender, rejected=rejected)
        except TimeoutError:
            raise Busy("the intake is full; send the same request again: what it has stored is stored once") from None


class Room:
    """What one request holds of the memory for bodies."""

    def __init__(self, desk: PushDesk) -> None:
        self._desk = desk
        self.held_bytes = 0

    def take(self, count: int) -> None:
        """Raises Busy."""
        self._desk.hold(count)
        self.held_bytes += count


def _cut(raw: bytes) -> str:
    return f" (the first {_KEPT_ROWS_BYTES} bytes of them are kept)" if len(raw) > _KEPT_ROWS_BYTES else ""


def report_of(judged: Judged) -> dict[str, Any]:
    """As `service.api.models_push.PushReport`."""
    return {
        "accepted": len(judged.tag),
        "rejected": judged.rejected,
        "duplicate_in_request": judged.duplicates,
        "by_reason": judged.by_reason,
        "rows": [one._asdict() for one in judged.problems],
    }


__all__ = ["IntakeRefused", "Push", "PushDesk", "PushRefused", "report_of"]
