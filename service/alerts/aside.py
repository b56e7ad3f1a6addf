"""What a person must say who puts an alert aside, and for how long they may."""

from service.alerts.asked import Command
from service.alerts.model import Alert
from service.alerts.policy import Policy
from service.alerts.states import NotAllowed, State, Trigger
from service.alerts.words import at


def most_us(alert: Alert, trigger: Trigger, policy: Policy) -> int:
    """The longest time for which it may be shelved or taken out."""
    return policy.shelve_us[alert.priority] if trigger is Trigger.SHELVE else policy.take_out_us


def put(alert: Alert, command: Command, now_us: int, policy: Policy) -> None:
    """Note who puts it aside, why and until when. Raises NotAllowed where one is missing or the end is too far."""
    what = "shelve an alarm" if command.trigger is Trigger.SHELVE else "take an alarm out of service"
    if not command.reason.strip():
        raise NotAllowed(f"give a reason to {what}")
    if command.trigger is Trigger.TAKE_OUT and not command.work_order.strip():
        raise NotAllowed(f"give the number of the work order to {what}")
    if command.until_us is None or command.until_us <= now_us:
        raise NotAllowed(f"give an end that is not past to {what}")
    most = most_us(alert, command.trigger, policy)
    if command.until_us > now_us + most:
        hours = most / 3_600_000_000
        raise NotAllowed(f"priority {alert.priority}: {hours:g} h at most, until {at(now_us + most)}")
    work_order = command.work_order.strip() if command.trigger is Trigger.TAKE_OUT else ""
    note(
        alert,
        by=command.by,
        reason=command.reason.strip(),
        since_us=now_us,
        until_us=command.until_us,
        work_order=work_order,
    )


def is_due(alert: Alert, now_us: int, policy: Policy) -> bool:
    """Whether the end has come; or is further away than any end may be, as when the clock had been ahead and was put
    back.
    """
    if alert.state not in (State.SHELVED, State.OUT_OF_SERVICE) or alert.aside_until_us is None:
        return False
    trigger = Trigger.SHELVE if alert.state is State.SHELVED else Trigger.TAKE_OUT
    return alert.aside_until_us <= now_us or alert.aside_until_us > now_us + most_us(alert, trigger, policy)


def ended(alert: Alert) -> str:
    """In words, for the record."""
    what = f"work order {alert.work_order}" if alert.work_order else "shelving"
    return f"{what} has ended, as {alert.aside_by} had set: {alert.aside_reason}"


def note(alert: Alert, *, by: str, reason: str, since_us: int, until_us: int | None, work_order: str = "") -> None:
    """What stands beside an alert while it is put aside."""
    alert.aside_by, alert.aside_reason, alert.work_order = by, reason, work_order
    alert.aside_since_us, alert.aside_until_us = since_us, until_us


def forget(alert: Alert) -> None:
    """It is back, or over."""
    note(alert, by="", reason="", since_us=0, until_us=None)
    alert.aside_since_us = None
