"""The hash chain: every event carries a number and the hash of the one before it."""

from typing import Any

import msgspec

from service.alerts.model import GENESIS, Event, chain_hash
from service.alerts.states import State, Trigger


class Chain:
    """Where the record stands, and how it goes on."""

    def __init__(self, chain: str) -> None:
        self.id = chain
        self.seq = 0
        self.head = GENESIS
        #: What was appended and not taken yet.
        self.fresh: list[Event] = []

    def append(
        self,
        about: msgspec.Struct,
        trigger: Trigger,
        actor: str,
        reason: str,
        effective_us: int,
        now_us: int,
        *,
        states: tuple[State, State] | None = None,
    ) -> Event:
        """Record a change of an alert (``states``: from, to) or of a context entry; it is numbered by this."""
        self.seq += 1
        about.seq = self.seq  # type: ignore[attr-defined]  # alerts and entries both have it
        after: dict[str, Any] = msgspec.to_builtins(about)
        event = Event(
            chain=self.id,
            seq=self.seq,
            alert_id=after["id"],
            trigger=trigger,
            from_state=states[0] if states else State.NORM,
            to_state=states[1] if states else State.NORM,
            level=after.get("level", ""),
            actor=actor,
            reason=reason,
            effective_us=effective_us,
            recorded_us=now_us,
            alert=after if states else {},
            context=None if states else after,
            prev_hash=self.head,
            hash="",
        )
        event = msgspec.structs.replace(event, hash=chain_hash(event))
        self.head = event.hash
        self.fresh.append(event)
        return event
