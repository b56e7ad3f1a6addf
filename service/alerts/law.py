"""What may be put aside, by kind of alarm; and what the law says must not."""

from service.alerts.asked import Facts
from service.alerts.model import SEVERITY
from service.alerts.states import NotAllowed

#: About the instrument, not about the process.
HEALTH_KINDS = frozenset({"quality", "frozen", "range", "stale"})
#: Explained by a communication alarm of what brings the tag. Never limits: those are marked unverified.
COMM_EXPLAINS = HEALTH_KINDS | {"rate"}
STOP_WORK = "stop-work"
#: Never put aside, whatever is going on.
OWN_KINDS = frozenset({"service", STOP_WORK})
_WORST = 2

LAW = (
    "危险化学品安全法 art. 38 (Dangerous Chemicals Safety Law): monitoring and alarms must not be closed or otherwise "
    "affected, nor their data hidden"
)


class Protected(NotAllowed):
    """The law does not allow this alarm to be put aside; neither waiting nor asking differently helps."""


def is_process(kind: str) -> bool:
    """Whether an alarm of this kind is about the process. A rule that is not known (any more) is taken for one."""
    return kind not in HEALTH_KINDS and kind not in OWN_KINDS


def protection(facts: Facts, peak_level: str) -> str:
    """Why the law keeps an alarm with these facts on the list; empty where it does not.

    ``peak_level``: the worst that it reached: who was at HH stays protected when it falls back to H.
    """
    if facts.kind == STOP_WORK:
        return f"a stop-work alarm is never put aside; {LAW}"
    if not (facts.hazard and is_process(facts.kind)):
        return ""
    if facts.gas:
        return f"a gas alarm where there is a major hazard source is never put aside; {LAW}"
    if SEVERITY.get(peak_level, 0) >= _WORST:
        return f"an HH or LL alarm on a major hazard source is never put aside; {LAW}"
    return ""
