"""The host's side (上位机) of the dialogue: commands to devices, from people and of our own."""

from collections.abc import Callable, Mapping

import structlog

from connectors.devices import Command, DeviceAway, DeviceUnknown, Outcome, Result, Told, Value
from connectors.hj212 import commands
from connectors.hj212.beijing import text_of
from connectors.hj212.config import Hj212Config
from connectors.hj212.devices import MINUTE, Device
from connectors.hj212.dialogue import Dialogue
from connectors.hj212.packet import build

_log = structlog.get_logger(__name__)


class Host:
    """Of one connector; gives each of its devices a dialogue."""

    def __init__(self, config: Hj212Config, devices: Mapping[str, Device], clock: Callable[[], int]) -> None:
        self._config, self._devices, self._clock = config, devices, clock
        self._last_qn_us = 0
        self._told: Told | None = None
        for device in devices.values():
            device.dialogue = self._dialogue(device)

    def check(self, command: Command) -> Mapping[str, Value]:
        """See `connectors.devices.Commandable`."""
        device, built = self._built(command)
        if device.peer is None:
            raise DeviceAway(f"device {device.mn} is not connected{_since(device)}")
        return built.shown

    async def command(self, command: Command) -> Outcome:
        """See `connectors.devices.Commandable`."""
        device, built = self._built(command)
        outcome = await device.dialogue.ask(built)
        if outcome.result is Result.DONE:
            self._done(device, built)
        return outcome

    def tell_of(self, told: Told) -> None:
        """See `connectors.devices.Commandable`."""
        self._told = told

    def _built(self, command: Command) -> tuple[Device, commands.Built]:
        device = self._devices.get(command.device)
        if device is None:
            raise DeviceUnknown(f"connector {self._config.id} has no device {command.device}")
        built = commands.build(
            command.name,
            command.parameters,
            now_us=self._clock(),
            allow_control=self._config.allow_control,
        )
        return device, built

    def _done(self, device: Device, built: commands.Built) -> None:
        if built.name == "set-password":
            device.also_password(dict(built.cp)["NewPW"])
            device.health.last_error = "its password was changed: write the new one into the configuration"
        elif built.name == "set-clock":
            device.forget_clock()
        elif built.name == "set-minute-interval":
            device.coverage[MINUTE].tell_length(int(dict(built.cp)["MinInterval"]) * 60_000_000)
            if device.config.minute_interval is not None:
                device.health.last_error = "its minute interval was changed: write the new one into the configuration"

    def _dialogue(self, device: Device) -> Dialogue:
        return Dialogue(
            lambda built, qn: self._send(device, built, qn),
            self._new_qn,
            answer_timeout_s=self._config.answer_timeout / 1e6,
            resends=self._config.resends,
            execution_timeout_s=self._config.execution_timeout / 1e6,
        )

    def _send(self, device: Device, built: commands.Built, qn: str) -> bool:
        if device.peer is None:
            return False
        frame = build(
            cn=built.cn,
            mn=device.mn,
            pw=device.password(),
            st=device.st,
            qn=qn,
            flag=device.version << 2 | 1,
            content=commands.at_this_moment(built, self._clock()).text,
        )
        return device.peer.send(frame)

    def _new_qn(self) -> str:
        """Unique, and the time to the millisecond."""
        self._last_qn_us = max(self._clock() // 1_000 * 1_000, self._last_qn_us + 1_000)
        return text_of(self._last_qn_us, milliseconds=True)

    async def set_clock(self, device: Device, pollutant: str) -> None:
        """It asked for the time. Raises nothing."""
        parameters: dict[str, Value] = {"pollutant": pollutant} if commands.is_pollutant(pollutant) else {}
        command = Command(device=device.mn, name="set-clock", parameters=parameters)
        _, built = self._built(command)
        try:
            outcome = await self.command(command)
        except Exception as error:
            device.health.last_error = f"its clock could not be set: {error}"
            self.note_own(device, built, None)
        else:
            self.note_own(device, built, outcome)

    def note_own(self, device: Device, built: commands.Built, outcome: Outcome | None) -> None:
        """What we asked of a device by ourselves."""
        if self._told is not None:
            self._told(Command(device=device.mn, name=built.name, parameters=built.shown), outcome)
        _log.info(
            "A device was told something.",
            connector=self._config.id,
            device=device.mn,
            command=built.name,
            code=built.cn,
            content=built.text,
            answer=outcome.words if outcome else "none",
            packets=outcome.packets if outcome else 0,
        )


def _since(device: Device) -> str:
    last_us = device.health.last_received_us
    return f"; it last spoke at {text_of(last_us)} Beijing time" if last_us else "; it has not spoken since we started"
