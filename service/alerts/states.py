"""Alarm states by ISA-18.2 / IEC 62682, as one Enum and one table.

::

            RAISED                       ACK
    (new) ─────────▶ UNACK ─────────────────────────▶ ACKED
                     │  ▲ ▲                           │  │
             CLEARED │  │ └───────── LEVEL_UP ────────┘  │ CLEARED
                     ▼  │ RETURNED                       ▼
                     RTNUN ──────────── ACK ───────────▶ NORM (over)

    UNACK, ACKED ──SHELVE──▶ SHELVED ──EXPIRED, LEVEL_UP──▶ UNACK,  ──UNSHELVE──▶ ACKED,  ──CLEARED──▶ NORM
    UNACK, ACKED ──SUPPRESS─▶ SUPPRESSED ──CONTEXT_ENDED──▶ UNACK,  ──CLEARED──▶ NORM
    UNACK, ACKED ──TAKE_OUT─▶ OUT_OF_SERVICE ──PUT_BACK, EXPIRED──▶ UNACK,  ──CLEARED──▶ NORM

Whatever is put aside ends: SHELVED and OUT_OF_SERVICE at their end time (EXPIRED), SUPPRESSED with what explains it
(CONTEXT_ENDED). When they end, and what may not be put aside at all: deploy/docs/semantics.md, 7.
"""

from enum import StrEnum


class State(StrEnum):
    """Where one alert stands."""

    UNACK = "unack"
    ACKED = "acked"
    RTNUN = "rtnun"
    NORM = "norm"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class Trigger(StrEnum):
    """What may happen to an alert, and to a context entry. The first seven are the engine's."""

    RAISED = "raised"
    LEVEL_UP = "level_up"
    LEVEL_DOWN = "level_down"
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    CLEARED = "cleared"
    #: The same occurrence is back after its return to normal.
    RETURNED = "returned"
    ACK = "ack"
    COMMENT = "comment"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    EXPIRED = "expired"
    SUPPRESS = "suppress"
    CONTEXT_ENDED = "context_ended"
    TAKE_OUT = "take_out"
    PUT_BACK = "put_back"
    #: Somebody resets a latched alarm; the engine clears it where its condition is over.
    RESET = "reset"
    #: Another alert of its group turns out to have come before it.
    NOT_FIRST = "not_first"
    #: Of context entries.
    CONTEXT_OPENED = "context_opened"
    CONTEXT_BEGAN = "context_began"
    #: The clock was put back to before its beginning.
    CONTEXT_PUT_OFF = "context_put_off"
    CONTEXT_SHORTENED = "context_shortened"
    CONTEXT_OVER = "context_over"


#: What a person may ask for about an alert; all else the engine and the book find by themselves.
COMMANDS = frozenset(
    {
        Trigger.ACK,
        Trigger.COMMENT,
        Trigger.SHELVE,
        Trigger.UNSHELVE,
        Trigger.TAKE_OUT,
        Trigger.PUT_BACK,
        Trigger.RESET,
    }
)
#: States in which the condition stands but the alert is put aside.
ASIDE = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})

_STAY = {
    (state, trigger): state
    for state in State
    if state is not State.NORM
    for trigger in (Trigger.LEVEL_DOWN, Trigger.UNVERIFIED, Trigger.VERIFIED, Trigger.COMMENT, Trigger.NOT_FIRST)
} | {(state, Trigger.RESET): state for state in (State.UNACK, State.ACKED, *sorted(ASIDE))}

NEXT: dict[tuple[State, Trigger], State] = _STAY | {
    (State.UNACK, Trigger.ACK): State.ACKED,
    (State.UNACK, Trigger.CLEARED): State.RTNUN,
    (State.UNACK, Trigger.LEVEL_UP): State.UNACK,
    (State.ACKED, Trigger.CLEARED): State.NORM,
    (State.ACKED, Trigger.LEVEL_UP): State.UNACK,
    (State.RTNUN, Trigger.ACK): State.NORM,
    (State.RTNUN, Trigger.RETURNED): State.UNACK,
    (State.UNACK, Trigger.SHELVE): State.SHELVED,
    (State.ACKED, Trigger.SHELVE): State.SHELVED,
    (State.SHELVED, Trigger.EXPIRED): State.UNACK,
    (State.SHELVED, Trigger.LEVEL_UP): State.UNACK,
    (State.SHELVED, Trigger.UNSHELVE): State.ACKED,
    (State.SHELVED, Trigger.CLEARED): State.NORM,
    (State.UNACK, Trigger.SUPPRESS): State.SUPPRESSED,
    (State.ACKED, Trigger.SUPPRESS): State.SUPPRESSED,
    (State.SUPPRESSED, Trigger.LEVEL_UP): State.SUPPRESSED,
    (State.SUPPRESSED, Trigger.CONTEXT_ENDED): State.UNACK,
    (State.SUPPRESSED, Trigger.CLEARED): State.NORM,
    (State.UNACK, Trigger.TAKE_OUT): State.OUT_OF_SERVICE,
    (State.ACKED, Trigger.TAKE_OUT): State.OUT_OF_SERVICE,
    (State.OUT_OF_SERVICE, Trigger.LEVEL_UP): State.OUT_OF_SERVICE,
    (State.OUT_OF_SERVICE, Trigger.PUT_BACK): State.UNACK,
    (State.OUT_OF_SERVICE, Trigger.EXPIRED): State.UNACK,
    (State.OUT_OF_SERVICE, Trigger.CLEARED): State.NORM,
}


class NotAllowed(ValueError):
    """The alert's state does not allow what was asked; asking again cannot help until the state changes."""


def next_state(state: State, trigger: Trigger) -> State:
    """Raises NotAllowed where the table has no such way."""
    try:
        return NEXT[state, trigger]
    except KeyError:
        raise NotAllowed(f"an alert that is {state.value} does not take {trigger.value}") from None
