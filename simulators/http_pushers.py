"""Process of scripts that push by HTTP: ``python -m simulators.http_pushers CONFIG.yaml``.

One for each key. What is not taken is kept and sent again: 429 and 503 when the answer's Retry-After says, a connection
that broke after a while. It prints ``{"event": "ready", ...}`` at the beginning, ``{"event": "published", ...}`` every
five seconds and at the end.
"""

import asyncio
import contextlib
import os
from collections import Counter, deque
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from park.duration import DurationUs
from park.index import TagInfo, TagTable
from park.model import Id
from park.yamlfile import Document
from simulators.control import say
from simulators.frame import Frame
from simulators.http_bodies import Body, Form, Row, body, rows_of
from simulators.player import Clock
from simulators.process import main_of, run_process
from simulators.stage import Stage

_AGAIN = frozenset((408, 409, 425, 429, 500, 502, 503, 504))
_LONGEST_WAIT_S = 30.0
_TIMEOUT_S = 15.0
_DRAIN_S = 10.0


class PushersConfig(BaseModel):
    """What they are told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: The connector whose tags they push.
    connector: Id = "http"
    #: Of the service, without a path.
    url: str = "http://127.0.0.1:8470"
    #: Enterprise (or the park, for its own stations) -> API key.
    keys: dict[Id, SecretStr] = Field(min_length=1)
    #: Each request is in the next of these forms.
    forms: tuple[Form, ...] = Field(default=(Form.JSON, Form.CSV, Form.ARROW), min_length=1)
    #: Every second request goes packed.
    packs: bool = True
    #: Frames in one request.
    frames_per_request: PositiveInt = 1
    #: Requests that are kept while none is taken; the oldest is given up.
    buffer: PositiveInt = 1_000
    #: First wait after a failure; doubled each time.
    backoff: DurationUs = Field(default=500_000, gt=0)


class Pusher:
    """One script: an enterprise's rows under its key."""

    def __init__(self, config: PushersConfig, enterprise: str, infos: Sequence[TagInfo]) -> None:
        self._config, self._infos = config, infos
        self._key = config.keys[enterprise].get_secret_value()
        self._gathered: list[Row] = []
        self._frames = 0
        self._forms = cycle(config.forms)
        self._packed = cycle((False, True) if config.packs else (False,))
        self._waiting: deque[tuple[str, Body]] = deque()
        self._changed = asyncio.Event()
        self.counts: Counter[str] = Counter()
        #: Answers other than 202: code -> how often.
        self.answers: Counter[int] = Counter()

    def take(self, frame: Frame, shift_us: int) -> None:
        """Gather a frame; what is complete waits to be sent."""
        self._gathered += rows_of(frame, self._infos, shift_us)
        self._frames += 1
        if self._frames >= self._config.frames_per_request:
            self.close()

    def close(self) -> None:
        """What is gathered is a request."""
        rows, self._gathered, self._frames = self._gathered, [], 0
        if not rows:
            return
        if len(self._waiting) >= self._config.buffer:
            self._waiting.popleft()
            self.counts["dropped"] += 1
        self._waiting.append((str(uuid4()), body(rows, next(self._forms), packed=next(self._packed))))
        self.counts["messages"] += 1
        self._changed.set()

    @property
    def waiting(self) -> int:
        """Requests that were not taken yet."""
        return len(self._waiting)

    async def run(self) -> None:
        """Send, in order, until cancelled."""
        async with httpx.AsyncClient(
            base_url=self._config.url, headers={"X-API-Key": self._key}, timeout=_TIMEOUT_S, trust_env=False
        ) as client:
            while True:
                while not self._waiting:
                    self._changed.clear()
                    await self._changed.wait()
                first = self._waiting[0]
                await self._send(client, *first)
                if self._waiting and self._waiting[0] is first:
                    self._waiting.popleft()

    async def _send(self, client: httpx.AsyncClient, number: str, one: Body) -> None:
        wait_s = self._config.backoff / 1e6
        while True:
            asked_s = await self._try(client, number, one)
            if asked_s is None:
                return
            await asyncio.sleep(min(max(wait_s, asked_s), _LONGEST_WAIT_S))
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _try(self, client: httpx.AsyncClient, number: str, one: Body) -> float | None:
        """None: settled; else how long to wait at least."""
        headers = {**one.headers, "Idempotency-Key": number}
        try:
            answer = await client.post("/api/v1/samples", content=one.content, headers=headers)
        except httpx.HTTPError:
            self.counts["broken"] += 1
            return 0.0
        if answer.status_code == httpx.codes.ACCEPTED:
            self.counts["acknowledged"] += 1
            self.counts["samples"] += one.rows
            return None
        self.answers[answer.status_code] += 1
        if answer.status_code in _AGAIN:
            return _seconds(answer.headers.get("Retry-After", ""))
        self.counts["refused"] += 1
        say("error", reason=f"{answer.status_code}: {answer.text[:500]}")
        return None


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0


class Pushers:
    """A `player.Sink`. Constructing connects nothing."""

    def __init__(self, config: PushersConfig, table: TagTable) -> None:
        self._config = config
        owned: dict[str, list[TagInfo]] = {}
        for info in table.of_connector(config.connector):
            owned.setdefault(info.enterprise, []).append(info)
        if not owned:
            raise ValueError(f"no tag of park {table.park.id!r} comes from connector {config.connector!r}")
        if without := owned.keys() - config.keys.keys():
            raise ValueError(f"keys has none for {', '.join(sorted(without))}")
        self.pushers = [Pusher(config, enterprise, infos) for enterprise, infos in owned.items()]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connector(self) -> str:
        """See `player.Sink`."""
        return self._config.connector

    async def start(self) -> None:
        """Let them send."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(one.run()) for one in self.pushers]

    async def stop(self) -> None:
        """Send what is gathered, wait until it is taken, but not for ever."""
        for one in self.pushers:
            one.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S if self._tasks else 0):
                while any(one.waiting for one in self.pushers):
                    await asyncio.sleep(0.05)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def be_present(self, present: bool) -> None:
        """See `player.Sink`."""
        await (self.start() if present else self.stop())

    async def show(self, frame: Frame, clock: Clock) -> None:
        """See `player.Sink`. Returns before anything is sent."""
        shift_us = clock() - frame.now_us if frame.live else 0
        for one in self.pushers:
            one.take(frame, shift_us)

    def told(self) -> dict[str, object]:
        """What was sent and taken so far."""
        total: Counter[str] = Counter(messages=0, acknowledged=0, samples=0, broken=0, refused=0, dropped=0)
        answers: Counter[int] = Counter()
        for one in self.pushers:
            total.update(one.counts)
            answers.update(one.answers)
        return {**total, "waiting": sum(one.waiting for one in self.pushers), "answers": dict(answers)}


class Config(Stage):
    """The file that the process is started with."""

    pushers: PushersConfig


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


async def run(config: Config) -> None:
    """Push until stopped or, where the stage has an end, until it is over."""
    source = config.source()
    pushers = Pushers(config.pushers, source.table)
    ready = {"pid": os.getpid(), "pushers": len(pushers.pushers)}
    await run_process(
        source, [pushers], end=config.end, ready=ready, tell=lambda: say("published", **pushers.told()), handlers={}
    )


def main() -> None:
    """The process."""
    main_of("simulators.http_pushers", "Simulated scripts that push by HTTP", load_config, run)


if __name__ == "__main__":
    main()
