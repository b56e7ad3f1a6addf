"""Which duties are done, open, overdue or missed, as of a moment. Pure: reports go in as (enterprise, duty, period)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.duty.config import Duty
from service.duty.periods import Period, before, begin_us, period_at

#: Enterprise, duty, name of the period.
Report = tuple[str, str, str]


class DutyState(StrEnum):
    """Of one period."""

    DONE = "done"
    #: The period goes on, or its grace does.
    OPEN = "open"
    #: Not reported in time; may be made up for until the next period has ended.
    OVERDUE = "overdue"
    #: For good.
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One duty of one enterprise in one period."""

    duty: Duty
    enterprise: str
    period: Period
    state: DutyState

    @property
    def until_us(self) -> int:
        """From then on it is overdue."""
        return self.period.end_us + self.duty.grace


def holds_for(duty: Duty, enterprise: str) -> bool:
    """Whether the enterprise has this duty."""
    return not duty.enterprises or enterprise in duty.enterprises


def state_in(duty: Duty, enterprise: str, period: Period, reported: Collection[Report], now_us: int) -> Due:
    """How one period stands."""
    if (enterprise, duty.id, period.name) in reported:
        state = DutyState.DONE
    elif now_us < period.end_us + duty.grace:
        state = DutyState.OPEN
    elif now_us < period_at(duty.every, period.end_us).end_us:
        state = DutyState.OVERDUE
    else:
        state = DutyState.MISSED
    return Due(duty=duty, enterprise=enterprise, period=period, state=state)


def due_now(duty: Duty, enterprise: str, reported: Collection[Report], now_us: int) -> Iterator[Due]:
    """This period and the one before, as far as they count; the older first."""
    this = period_at(duty.every, now_us)
    for period in (before(duty.every, this), this):
        # What began before the duty did is nobody's.
        if period.start_us >= begin_us(duty.since):
            yield state_in(duty, enterprise, period, reported, now_us)


def missed_in(duty: Duty, enterprise: str, month: Period, reported: Collection[Report], now_us: int) -> int:
    """Periods that began in the month and were not reported, neither in time nor later."""
    count, period = 0, period_at(duty.every, month.start_us)
    while period.start_us < min(month.end_us, now_us):
        if period.start_us >= max(month.start_us, begin_us(duty.since)):
            state = state_in(duty, enterprise, period, reported, now_us).state
            count += state in (DutyState.OVERDUE, DutyState.MISSED)
        period = period_at(duty.every, period.end_us)
    return count
