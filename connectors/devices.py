"""What a connector with devices behind it can be asked to do to one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from connectors.base import Health

#: What a parameter of a command may be.
Value = str | int | float | bool


class DeviceUnknown(Exception):
    """The connector has no device of that name."""


class DeviceAway(Exception):
    """The device is not connected, or busy with other commands; nothing was sent, and trying again later may help."""


class DeviceSilent(Exception):
    """The device was told, several times, and did not answer; whether it did anything is not known."""


class CommandForbidden(Exception):
    """The configuration does not allow this command."""


class CommandInvalid(ValueError):
    """A command or one of its parameters is wrong: which, and what to do."""

    def __init__(self, where: str, value: object, problem: str, fix: str = "") -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.value, self.problem, self.fix = where, value, problem, fix


class Result(StrEnum):
    """What came of a command."""

    #: The device says that it did it.
    DONE = "done"
    #: It took the command, and no result was to come, or none came in time.
    ACCEPTED = "accepted"
    #: It did it and has no data for what was asked.
    NO_DATA = "no_data"
    #: It refused to begin.
    REFUSED = "refused"
    #: It tried and failed.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a device answered."""

    result: Result
    #: A sentence for a person.
    words: str
    #: The protocol's own code of the command and of the answer.
    code: str = ""
    answer: int | None = None
    #: What it sent, one entry a packet.
    data: tuple[Mapping[str, str], ...] = ()
    #: Packets of data; ``data`` may hold only the first of them.
    packets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is asked of a device."""

    device: str
    #: ``set-clock``, ``history``, ...; which there are is the connector's to say.
    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)


#: Told of what a connector asked of a device by itself, and what came of it; None: no answer. Must not block.
Told = Callable[[Command, Outcome | None], None]


@runtime_checkable
class Commandable(Protocol):
    """A connector that passes commands on."""

    @property
    def health(self) -> Health: ...

    def check(self, command: Command) -> Mapping[str, Value]:
        """The parameters as they may be shown: defaults filled in, secrets blotted out. Sends nothing.

        Raises DeviceUnknown, CommandInvalid, CommandForbidden, DeviceAway.
        """

    async def command(self, command: Command) -> Outcome:
        """Send it and wait for the outcome. Raises what ``check`` raises, and DeviceSilent."""

    def tell_of(self, told: Told) -> None:
        """Tell this of the commands that are the connector's own: missing history, the time that a device asks for."""
