"""What a change of the rules would do: found by doing it to an engine of its own, so that it is exact."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from park.index import TagTable
from park.yamlfile import FileInvalid, Problem, no_collection
from rules.spec import AnyRule
from service.rules.compiled import Compiled, compile_rules
from service.rules.files import RuleFile, check_files, load_rules, rules_of
from service.rules.versions import RuleVersion, day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Between two sets of rules, by rule id, in order of the files."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    #: With the names of the fields that differ.
    changed: dict[str, tuple[str, ...]]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would happen at once to alerts and state, as things stand."""

    #: Alerts that would begin, end, or move, by rule; ``"raised"``, ``"cleared"``, ...
    told: dict[str, dict[str, int]] = field(default_factory=dict)
    #: What would lose its state, in words.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change that is ready to be made."""

    version: RuleVersion
    compiled: Compiled
    difference: Difference
    warnings: list[Problem]


def make_plan(tags: TagTable, before: RuleVersion, after: RuleVersion, now_us: int) -> Plan:
    """Reads, checks, compiles: may take seconds; any thread may do it. Raises FileInvalid with all that is wrong."""
    with no_collection():
        return _make_plan(tags, before, after, now_us)


def _make_plan(tags: TagTable, before: RuleVersion, after: RuleVersion, now_us: int) -> Plan:
    checked = check_files(tags, after.files)
    compiled = compile_rules(tags, after, day_of(now_us))
    if compiled.broken:
        raise FileInvalid([_place(after.files, rule, why) for rule, why in compiled.broken.items()])
    difference = compare(rules_of(before.files).rules.rules, checked.loaded.rules.rules)
    return Plan(version=after, compiled=compiled, difference=difference, warnings=checked.warnings)


def _place(files: tuple[RuleFile, ...], rule: str, why: str) -> Problem:
    return load_rules(files).places[rule].problem((), f"rule {rule}: {why}")


def compare(before: Sequence[AnyRule], after: Sequence[AnyRule]) -> Difference:
    """By id."""
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    both = [(old[one], new[one]) for one in new if one in old]
    changed = {a.id: _fields(a, b) for a, b in both if a != b}
    return Difference(
        added=tuple(one for one in new if one not in old),
        removed=tuple(one for one in old if one not in new),
        changed=changed,
        unchanged=len(both) - len(changed),
    )


def _fields(before: AnyRule, after: AnyRule) -> tuple[str, ...]:
    a, b = dict(before), dict(after)
    return tuple(sorted(name for name in {**a, **b} if a.get(name) != b.get(name)))


def try_out(compiled: Compiled, snapshot: bytes) -> Trial:
    """Let the plan's engine go on from where the live one stands, without any time passing; the engine is used up."""
    engine = compiled.engine
    engine.restore(snapshot)
    told: dict[str, Counter[str]] = {}
    for one in engine.advance(engine.now_us):
        told.setdefault(one.rule, Counter())[one.change.value] += 1
    return Trial(told=_plain(told), notes=tuple(engine.notes))


def _plain(told: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {rule: dict(sorted(told[rule].items())) for rule in sorted(told)}
