"""Which rules of a version are live on a day, and why the others are not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rules.spec import AnyRule, RuleSet
from service.rules.versions import Confirmation, rule_sha256


class Status(StrEnum):
    """Of one rule on one day."""

    LIVE = "live"
    UNCONFIRMED = "unconfirmed"
    NOT_YET = "not_yet"
    NO_LONGER = "no_longer"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One rule, whether it is live, and why."""

    rule: AnyRule
    status: Status
    why: str
    #: What makes a rule live whose numbers are not known to be right.
    confirmation: Confirmation | None = None

    @property
    def is_live(self) -> bool:
        """Whether the engine evaluates it."""
        return self.status is Status.LIVE


def standings(
    rules: Iterable[AnyRule],
    confirmations: Iterable[Confirmation],
    day: date,
    broken: Mapping[str, str] | None = None,
) -> list[Standing]:
    """Of each rule, in their order. ``broken``: of rules that cannot be evaluated, why not, by id."""
    given = {one.rule: one for one in confirmations}
    return [_standing(rule, given.get(rule.id), day, (broken or {}).get(rule.id, "")) for rule in rules]


def _standing(rule: AnyRule, given: Confirmation | None, day: date, broken: str) -> Standing:
    if rule.valid_from is not None and day < rule.valid_from:
        return Standing(rule=rule, status=Status.NOT_YET, why=f"in force from {rule.valid_from} on (UTC+08:00)")
    if rule.valid_to is not None and day > rule.valid_to:
        return Standing(rule=rule, status=Status.NO_LONGER, why=f"was in force until {rule.valid_to} (UTC+08:00)")
    if broken:
        return Standing(rule=rule, status=Status.BROKEN, why=f"cannot be evaluated: {broken}")
    if rule.is_confirmed:
        return Standing(rule=rule, status=Status.LIVE, why=_why_sure(rule))
    if given is None:
        why = f"its numbers are {rule.confidence}: a named person must confirm them (parkwatch rules confirm {rule.id})"
        return Standing(rule=rule, status=Status.UNCONFIRMED, why=why)
    if given.sha256 != rule_sha256(rule):
        why = f"it has changed since {given.by} confirmed it: it must be confirmed anew"
        return Standing(rule=rule, status=Status.UNCONFIRMED, why=why)
    why = f"{rule.confidence}, confirmed by {given.by}"
    return Standing(rule=rule, status=Status.LIVE, why=why, confirmation=given)


def _why_sure(rule: AnyRule) -> str:
    if rule.confidence == "site":
        return "the plant's own numbers"
    if rule.confidence == "read":
        return "its numbers were read in the standard itself"
    return f"{rule.confidence}, confirmed by {rule.confirmed_by.strip()}"


def live_set(found: Iterable[Standing]) -> RuleSet:
    """Those that are live, as the engine takes them."""
    return RuleSet(rules=tuple(one.rule for one in found if one.is_live))
