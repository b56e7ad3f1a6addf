"""Rule files: read as text, parsed together into one set of rules, every problem of every file told at once."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
from pydantic import BaseModel, ConfigDict, PositiveInt

from park.index import TagTable
from park.yamlfile import Document, FileInvalid, Problem, no_collection, text_of
from rules.check import check_rules
from rules.spec import AnyRule, Rule, RuleSet, default_rules
from service.alerts.law import OWN_KINDS

_TAKEN = "the service raises alarms of its own under this id; give the rule another"
_SUFFIXES = (".yaml", ".yml")
_Loc = tuple[int | str, ...]


class RuleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as text: what travels through the journal and is kept with every version."""

    #: As in messages.
    name: str
    text: str


class _Content(BaseModel):
    """What one file says; ids are unique over all files, which only the whole can tell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: PositiveInt = 1
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a rule stands."""

    document: Document
    number: int

    def problem(self, loc: _Loc, message: str, offset: int | None = None) -> Problem:
        """At a part of the rule (keys and positions from the rule on), or ``offset`` characters into what it says."""
        whole = ("rules", self.number, *loc)
        if offset is None:
            return self.document.problem(whole, message)
        return self.document.problem_within(whole, offset, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """The rules of all files together, and the place of each by its id (default rules stand nowhere)."""

    rules: RuleSet
    places: dict[str, Place]


def rule_paths(paths: Iterable[Path], what: str = "rule file") -> list[Path]:
    """Files as they are, directories as the YAML files in them, by name. Raises FileNotFoundError for an empty one."""
    found: list[Path] = []
    for path in paths:
        inside = [path] if not path.is_dir() else sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES)
        if not inside:
            raise FileNotFoundError(f"{path}: no {what} (*.yaml) in this directory")
        found += [one for one in inside if one not in found]
    return found


def read_rule_files(paths: Iterable[Path]) -> tuple[RuleFile, ...]:
    """The texts. Raises FileInvalid for all that are not UTF-8, and OSError."""
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for path in rule_paths(paths):
        try:
            files.append(RuleFile(name=str(path), text=text_of(path.read_bytes(), str(path))))
        except FileInvalid as error:
            problems += error.problems
    if problems:
        raise FileInvalid(problems)
    return tuple(files)


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class KnownRules:
    """The rules of all files together, and (file, line) of each by its id: what is worth keeping of them."""

    rules: RuleSet
    lines: dict[str, tuple[str, int]]


#: As long as somebody holds them (who is in force must not be read again while the plant waits), and the newest few.
_known: WeakValueDictionary[tuple[RuleFile, ...], KnownRules] = WeakValueDictionary()
_newest: deque[KnownRules] = deque(maxlen=4)


def rules_of(files: tuple[RuleFile, ...]) -> KnownRules:
    """Of files that were loaded lately or that somebody holds, without reading them again. Raises FileInvalid."""
    return _known.get(files) or _remember(files, _read(files))


def load_rules(files: tuple[RuleFile, ...]) -> LoadedRules:
    """All files together; no file at all means the default rules. Raises FileInvalid with all problems of all files."""
    loaded = _read(files)
    if files not in _known:
        _remember(files, loaded)
    return loaded


def _read(files: tuple[RuleFile, ...]) -> LoadedRules:
    with no_collection():
        return _load(files) if files else LoadedRules(rules=default_rules(), places={})


def _remember(files: tuple[RuleFile, ...], loaded: LoadedRules) -> KnownRules:
    lines = {rule: (place.document.file, place.problem((), "").line) for rule, place in loaded.places.items()}
    known = _known[files] = KnownRules(rules=loaded.rules, lines=lines)
    _newest.append(known)
    return known


def _load(files: tuple[RuleFile, ...]) -> LoadedRules:
    problems: list[Problem] = []
    found: list[tuple[AnyRule, Place]] = []
    for file in files:
        try:
            document = Document(file.text, file.name)
            content = document.model(_Content)
        except FileInvalid as error:
            problems += error.problems
            continue
        found += [(rule, Place(document=document, number=i)) for i, rule in enumerate(content.rules)]
    problems += _second_ones(found)
    if problems:
        raise FileInvalid(problems)
    rules = RuleSet(rules=tuple(rule for rule, _ in found))
    return LoadedRules(rules=rules, places={rule.id: place for rule, place in found})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """Rules that a park can be watched with, and what is odd about them."""

    loaded: LoadedRules
    warnings: list[Problem]


def check_files(tags: TagTable, files: tuple[RuleFile, ...]) -> CheckedFiles:
    """Read together and held against the park. Raises FileInvalid with every problem of every file."""
    loaded = load_rules(files)
    checked = check_rules(tags, loaded.rules, loaded.places)
    taken = [place.problem(("id",), _TAKEN) for rule, place in loaded.places.items() if rule in OWN_KINDS]
    if problems := [*taken, *checked.errors]:
        raise FileInvalid(problems)
    return CheckedFiles(loaded=loaded, warnings=checked.warnings)


def _second_ones(found: Sequence[tuple[AnyRule, Place]]) -> list[Problem]:
    first: dict[str, Place] = {}
    problems: list[Problem] = []
    for rule, place in found:
        if rule.id not in first:
            first[rule.id] = place
            continue
        other = first[rule.id].problem(("id",), "")
        where = f"{other.file}:{other.line}:{other.column}"
        message = f"two rules have the id {rule.id!r}; ids must be unique, and {where} has it, too"
        problems.append(place.problem(("id",), message))
    return problems
