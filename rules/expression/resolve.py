"""Which tags the names in an expression are, source by source, and in which unit they are reckoned with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np

from rules.arrays import Floats, Rows
from rules.expression.dims import Incompatible, Measure, conversion, of_tag
from rules.expression.functions import FUNCTIONS
from rules.expression.problems import Problems
from rules.expression.scope import BUILT_IN, Scope, expand
from rules.expression.tree import Name, Node, walk


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A name, for all sources of the rule."""

    ref: str
    #: ``(sources,)`` tag indices.
    ix: Rows
    measure: Measure
    #: The units of the tags, where they have several; then ``scale`` and ``offset`` lead to that of `measure`.
    units: tuple[str, ...]
    scale: Floats | None = None
    offset: Floats | None = None

    @property
    def unit(self) -> str:
        """As the park file writes it."""
        return self.units[0]


@dataclass(slots=True)
class Resolved:
    """All names of an expression."""

    #: Numbers of the sources that have all of them.
    sources: Rows
    #: By name as written: what it was expanded to.
    refs: dict[str, str] = field(default_factory=dict)
    #: By that.
    named: dict[str, Named] = field(default_factory=dict)
    #: For people.
    warnings: list[str] = field(default_factory=list)


def resolve(tree: Node, scope: Scope, picked: Rows, names: Mapping[str, str], problems: Problems) -> Resolved:
    """Look up all names. A source that lacks one is left out; a name that none of the sources has is a problem."""
    found = Resolved(sources=picked)
    first: dict[str, Name] = {}
    for node in walk(tree):
        if isinstance(node, Name) and node.text not in first:
            first[node.text] = node
    ix_of: dict[str, Rows] = {}
    for text, node in first.items():
        ref = _ref(text, names, scope)
        ix = scope.tag_ix(ref)
        if len(picked) and (ix[picked] < 0).all():
            problems.add(node.at, _unknown(text, ref, scope, picked, names))
            continue
        found.refs[text] = ref
        ix_of[ref] = ix
        found.sources = found.sources[ix[found.sources] >= 0]
    if len(picked) and not len(found.sources):
        if len(found.refs) == len(first):
            found.warnings.append("no source has all of the names " + ", ".join(first) + ": the rule watches nothing")
        return found
    for ref, ix in ix_of.items():
        node = next(node for text, node in first.items() if found.refs.get(text) == ref)
        found.named[ref] = _named(ref, ix[found.sources], scope, node, problems)
    return found


def _ref(text: str, names: Mapping[str, str], scope: Scope) -> str:
    ref = expand(text, names)
    if ref == text and text in BUILT_IN and (scope.tag_ix(text) < 0).all():
        return scope.built_in(text) or text
    return ref


def _named(ref: str, ix: Rows, scope: Scope, node: Name, problems: Problems) -> Named:
    tags = {one: scope.tags.by_ix(one) for one in np.unique(ix).tolist()}
    unit_of = {one: info.tag.unit for one, info in tags.items() if info is not None}
    first = unit_of[int(ix[0])] if len(ix) else ""
    units = (first, *sorted(set(unit_of.values()) - {first}))
    wanted = of_tag(first)
    by_unit: dict[str, tuple[float, float]] = {}
    for unit in units:
        try:
            by_unit[unit] = conversion(of_tag(unit), wanted)
        except Incompatible as error:
            examples = (
                next(info.id for info in tags.values() if info and info.tag.unit == one) for one in (first, unit)
            )
            one, other = examples
            problems.add(
                node.at, f"{one} is in {first or 'no unit'}, {other} in {unit or 'no unit'}: {error}; narrow applies_to"
            )
            by_unit[unit] = 1.0, 0.0
    if all(pair == (1.0, 0.0) for pair in by_unit.values()):
        return Named(ref, ix, wanted, units[:1])
    pairs = np.array([by_unit[unit_of[one]] for one in ix.tolist()])
    return Named(ref, ix, wanted, units, pairs[:, 0].copy(), pairs[:, 1].copy())


def _unknown(text: str, ref: str, scope: Scope, picked: Rows, names: Mapping[str, str]) -> str:
    if text in BUILT_IN and ref == text:
        stations = ", ".join(scope.weather_stations()) or "none"
        return (
            f"{text} needs exactly one weather station of the park with one tag of quantity {BUILT_IN[text]} "
            f"(there are: {stations}); say which tag it is under names"
        )
    meant = text if ref == text else f"{text} (by names: {ref})"
    if text in FUNCTIONS or text.lower() in ("true", "false"):
        cure = f"write {FUNCTIONS[text].usage}" if text in FUNCTIONS else "write a comparison"
        return f"no tag is called {meant}; {cure}"
    if several := _several(ref, scope, picked):
        return several
    if scope.is_source(ref):
        return f"{meant} is a source; say which of its tags: {text}.quantity or {text}.tag"
    known = scope.names(picked) | set(names) | {f"{name}()" for name in FUNCTIONS}
    return f"no tag is called {meant}{_cure(text, ref, known)}"


def _several(ref: str, scope: Scope, picked: Rows) -> str:
    if "." in ref:
        return ""
    for source in picked.tolist():
        infos = scope.of_quantity(source, ref)
        if infos:
            ids = ", ".join(info.tag.id for info in infos)
            return f"{scope.source_ids[source]} has {len(infos)} tags of quantity {ref}: {ids}; name one of them"
    return ""


def _cure(text: str, ref: str, known: set[str]) -> str:
    cuts = [(text[:at], text[at + 1 :]) for at, sign in enumerate(text) if sign == "-"]
    if any(left in known and (right in known or right.replace(".", "").isdigit()) for left, right in cuts):
        return "; to subtract, put spaces around -"
    by_lower = {name.lower(): name for name in sorted(known)}
    close = get_close_matches(ref.lower(), by_lower, n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(by_lower[name] for name in close) + "?"
    return " in the sources that the rule applies to, in their enterprise, or among the park's shared sources"
