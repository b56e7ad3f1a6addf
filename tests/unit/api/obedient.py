"""A connector in memory whose devices do what they are told, or what a test wants."""

import asyncio
from collections.abc import Mapping

from connectors.base import DeviceHealth, Health
from connectors.devices import Command, DeviceUnknown, Outcome, Result, Told, Value


class Obedient:
    """Implements `connectors.base.Connector` and `connectors.devices.Commandable`."""

    def __init__(self, health: Health) -> None:
        self.health = health
        self.told: list[Command] = []
        #: Raised by `check`, and by `command`.
        self.refuses: Exception | None = None
        self.fails: Exception | None = None
        self.outcome = Outcome(result=Result.DONE, words="done", code="1011", answer=1)
        self.tell: Told | None = None
        #: Not set: the device takes its time.
        self.ready = asyncio.Event()
        self.ready.set()

    def add(self, device: str, enterprise: str, **fields: object) -> DeviceHealth:
        """One more device."""
        health = self.health.devices[device] = DeviceHealth(device=device, enterprise=enterprise)
        for name, value in fields.items():
            setattr(health, name, value)
        return health

    async def run(self) -> None:
        """There is nothing to run."""

    def check(self, command: Command) -> Mapping[str, Value]:
        """See `connectors.devices.Commandable`."""
        if command.device not in self.health.devices:
            raise DeviceUnknown(command.device)
        if self.refuses is not None:
            raise self.refuses
        return command.parameters

    async def command(self, command: Command) -> Outcome:
        """See `connectors.devices.Commandable`."""
        self.told.append(command)
        await self.ready.wait()
        if self.fails is not None:
            raise self.fails
        return self.outcome

    def tell_of(self, told: Told) -> None:
        """See `connectors.devices.Commandable`."""
        self.tell = told
