"""The connector's state as `Health` shows it: a link that is up or down, and the set of what is wrong with it."""

import logging
from collections.abc import Callable

from connectors.base import Health, State

_log = logging.getLogger("parkwatch.opcua")


class Condition:
    """Keeps ``health.state`` true: connected, and degraded while any trouble lasts."""

    def __init__(self, health: Health, clock: Callable[[], int]) -> None:
        self._health, self._clock = health, clock
        self._up = False
        self._troubles: dict[str, str] = {}

    def up(self) -> None:
        """The subscription runs."""
        self._up = True
        self._show()

    def down(self, error: str) -> None:
        """There is no link, and why."""
        self._up = False
        self._health.errors += 1
        self._turn(State.DISCONNECTED, error)

    def stopped(self) -> None:
        """Nobody wants it any more."""
        self._up = False
        self._turn(State.STOPPED)

    def trouble(self, name: str, text: str) -> None:
        """Something a person should see, until `fine`. Said again with another text it replaces the old one."""
        new = name not in self._troubles
        self._troubles[name] = text
        if new:
            _log.warning("OPC UA trouble.", extra={"connector": self._health.connector, "trouble": text})
        self._show(text)

    def fine(self, name: str) -> None:
        """That trouble is over."""
        if self._troubles.pop(name, None) is not None:
            self._show()

    def _show(self, error: str = "") -> None:
        if self._up:
            text = error or next(iter(self._troubles.values()), "")
            self._turn(State.DEGRADED if self._troubles else State.CONNECTED, text)
        elif error:
            self._health.last_error = error

    def _turn(self, state: State, error: str = "") -> None:
        if state is not self._health.state:
            level = logging.WARNING if state in (State.DISCONNECTED, State.DEGRADED) else logging.INFO
            extra = {"connector": self._health.connector, "state": str(state), "error": error}
            _log.log(level, "OPC UA link changed.", extra=extra)
        self._health.turn(state, self._clock(), error)
