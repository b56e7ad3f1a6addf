"""Rules made ready for the engine: the work that is done before a change, so that the change itself is short."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from park.index import TagTable
from park.yamlfile import no_collection
from rules.engine import Engine
from rules.kinds import KINDS
from rules.spec import AnyRule, RuleSet
from service.alerts.book import Lookup
from service.facts import lookup
from service.rules.active import Standing, live_set, standings
from service.rules.files import rules_of
from service.rules.versions import RuleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a version means on a day, and an engine for it that has seen nothing yet."""

    key: str
    #: Names version and day for which it was made.
    made_for: str
    engine: Engine
    lookup: Lookup
    #: Rules that should be live but of which no engine can be made: why not, by id.
    broken: dict[str, str]


def live_key(version: RuleVersion, found: Iterable[Standing]) -> str:
    """Equal where the same rules are live: the same engine will do."""
    live = "\n".join(one.rule.id for one in found if one.is_live)
    return hashlib.sha256(f"{version.sha256}\n{live}".encode()).hexdigest()


def occasion(version: RuleVersion, day: date) -> str:
    """Equal where the same files and confirmations are in force on the same day."""
    given = "\n".join(f"{one.rule} {one.sha256}" for one in version.confirmations)
    return hashlib.sha256(f"{version.sha256}\n{day}\n{given}".encode()).hexdigest()


def standings_on(version: RuleVersion, day: date, broken: Mapping[str, str] | None = None) -> list[Standing]:
    """Of the version's rules. Raises FileInvalid."""
    return standings(rules_of(version.files).rules.rules, version.confirmations, day, broken)


def compile_rules(tags: TagTable, version: RuleVersion, day: date) -> Compiled:
    """Takes long where rules and tags are many; any thread may do it. Raises FileInvalid.

    A rule that no engine can be made of (it was taken under another park, say) is left out and says why.
    """
    with no_collection():
        return _compile(tags, version, day)


def _compile(tags: TagTable, version: RuleVersion, day: date) -> Compiled:
    found = standings_on(version, day)
    wanted = live_set(found).rules
    broken = {one.id: f"this version evaluates no rules of kind {one.kind}" for one in wanted if one.kind not in KINDS}
    try:
        engine = Engine(tags, _without(broken, wanted))
    except Exception:
        broken |= _broken(tags, _without(broken, wanted).rules)
        engine = Engine(tags, _without(broken, wanted))
    engine.snapshot()  # what it makes ready for a snapshot once and for all, it need not make in the pause
    return Compiled(
        key=live_key(version, found),
        made_for=occasion(version, day),
        engine=engine,
        lookup=lookup(tags, engine.rules),
        broken=broken,
    )


def _without(broken: Mapping[str, str], rules: tuple[AnyRule, ...]) -> RuleSet:
    return RuleSet(rules=tuple(one for one in rules if one.id not in broken))


def _broken(tags: TagTable, rules: tuple[AnyRule, ...]) -> dict[str, str]:
    """Why not, by rule: found by halves, for most rules are whole."""
    try:
        Engine(tags, RuleSet(rules=rules))
    except Exception as error:
        if len(rules) == 1:
            return {rules[0].id: f"{type(error).__name__}: {error}"}
        half = len(rules) // 2
        return _broken(tags, rules[:half]) | _broken(tags, rules[half:])
    return {}
