"""Samples that were pushed: to the intake, and counted. It neither connects nor listens; the REST interface does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Context, DeviceHealth, Health, IntakeRefused, State
from connectors.http.config import HttpConfig
from park.batch import DeadLetter, SampleBatch

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whoever pushed: the name of the key, its enterprise (empty: the park itself), and where from."""

    name: str
    enterprise: str
    peer: str = ""
    #: What was sent: ``JSON``, ``CSV``, ``Arrow``.
    form: str = ""


class HttpConnector:
    """See `connectors.base.Connector`. `take` may be called from the moment it is built."""

    def __init__(self, config: HttpConfig, context: Context) -> None:
        self.config = config
        self.context = context
        self._health = Health(connector=config.id, kind=config.kind)

    @property
    def health(self) -> Health:
        """What this connector says about itself; the devices are the keys that push, by name."""
        return self._health

    async def run(self) -> None:
        """See `connectors.base.Connector`."""
        started_us = self.context.clock()
        try:
            while True:
                self._look(started_us)
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            self._health.turn(State.STOPPED, self.context.clock())

    def _look(self, started_us: int) -> None:
        now_us, quiet_us = self.context.clock(), self.config.quiet_after
        silent_us = now_us - max(self._health.last_received_us, started_us)
        if quiet_us is not None and silent_us > quiet_us:
            self._health.turn(State.DEGRADED, now_us, f"nothing was pushed for {silent_us / 1e6:.0f} s")
        else:
            self._health.turn(State.CONNECTED, now_us)

    async def take(self, batch: SampleBatch, letters: Sequence[DeadLetter], sender: Sender, *, rejected: int) -> None:
        """Return once all of it is durable. ``rejected``: rows that the letters hold. Raises IntakeRefused."""
        health, device = self._health, self._device(sender)
        now_us = self.context.clock()
        for one in (health, device):
            one.messages += 1
            one.received += len(batch)
            one.last_received_us = now_us
        device.rejected += rejected
        if letters:
            device.last_error = letters[0].detail
        health.note_source_time(batch.time_us, now_us)
        try:
            await self.context.intake.put(batch, letters)
        except IntakeRefused as error:
            health.errors += 1
            health.last_error = f"the journal refuses: {error}; the senders were told to send again"
            raise
        health.journalled += len(batch)
        health.dead_letters += len(letters)
        device.acknowledged += 1

    def _device(self, sender: Sender) -> DeviceHealth:
        device = self._health.devices.get(sender.name)
        if device is None:
            device = DeviceHealth(device=sender.name, enterprise=sender.enterprise)
            self._health.devices[sender.name] = device
        device.protocol = f"HTTP push {sender.form}".strip()
        device.peer = sender.peer
        device.connected = True
        return device
