"""The life of a case, as one Enum and one table.

::

                      receive                answer                 accept                close
    (new) ─▶ DISPATCHED ─────▶ RECEIVED ───────────▶ ANSWERED ─────────────▶ VERIFIED ─────────▶ CLOSED
                │  ▲  └──────────── answer ───────────▶ │  │                     │                  │
                │  └──────────── refuse ────────────────┼──┘                     │                  │
                │                └──────────────────────┴──── reopen ────────────┴──────────────────┘
                └─ message, attach, correct the cause, add alerts: in every state but CLOSED

交办 dispatched, 签收 received, 整改 answered, 复核 verified, 销号 closed. Who verifies is neither who dispatched the
case nor who answered it: four eyes, in whatever order they looked.
"""

from collections.abc import Mapping
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    DISPATCHED = "dispatched"  # 已交办
    RECEIVED = "received"  # 已签收
    ANSWERED = "answered"  # 已整改,待复核
    VERIFIED = "verified"  # 已复核
    CLOSED = "closed"  # 已销号


class Step(StrEnum):
    """What may happen to a case."""

    DISPATCH = "dispatch"
    RECEIVE = "receive"
    ANSWER = "answer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CLOSE = "close"
    REOPEN = "reopen"
    MESSAGE = "message"
    ATTACH = "attach"
    CAUSE = "cause"
    ALERTS = "alerts"
    #: By the service itself: the deadline is near, or over.
    REMIND = "remind"
    ESCALATE = "escalate"


#: The enterprise has it in hand, and its deadline counts.
WITH_ENTERPRISE = frozenset({CaseState.DISPATCHED, CaseState.RECEIVED})
_OPEN = frozenset(CaseState) - {CaseState.CLOSED}
_STAYS = frozenset({Step.MESSAGE, Step.ATTACH, Step.CAUSE, Step.ALERTS})

_NEXT: Mapping[tuple[CaseState, Step], CaseState] = {
    (CaseState.DISPATCHED, Step.RECEIVE): CaseState.RECEIVED,
    (CaseState.DISPATCHED, Step.ANSWER): CaseState.ANSWERED,
    (CaseState.RECEIVED, Step.ANSWER): CaseState.ANSWERED,
    (CaseState.ANSWERED, Step.ACCEPT): CaseState.VERIFIED,
    (CaseState.ANSWERED, Step.REFUSE): CaseState.DISPATCHED,
    (CaseState.VERIFIED, Step.CLOSE): CaseState.CLOSED,
    (CaseState.ANSWERED, Step.REOPEN): CaseState.DISPATCHED,
    (CaseState.VERIFIED, Step.REOPEN): CaseState.DISPATCHED,
    (CaseState.CLOSED, Step.REOPEN): CaseState.DISPATCHED,
    **{(state, step): state for state in _OPEN for step in _STAYS},
    **{(state, step): state for state in WITH_ENTERPRISE for step in (Step.REMIND, Step.ESCALATE)},
}


class StepRefused(Exception):
    """A case in this state cannot take this step, or not from this person; the message says why."""


def next_state(state: CaseState, step: Step) -> CaseState:
    """Where the step leads. Raises StepRefused."""
    found = _NEXT.get((state, step))
    if found is None:
        raise StepRefused(f"a case that is {state.value} cannot take the step {step.value!r}; look at it again")
    return found


def check_four_eyes(by: str, *, opened_by: str, answered_by: str) -> None:
    """Raises StepRefused where somebody would verify their own work."""
    if by in (opened_by, answered_by):
        did = "dispatched" if by == opened_by else "answered"
        raise StepRefused(f"{by} has {did} this case; another person has to verify it")
