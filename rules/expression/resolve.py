"""Which tags the names in an expression are, source by source, and in which unit they are reckoned with."""

from collections.abc import Mapping, Sequence
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

    #: Numbers of the sources of the rule.
    sources: Rows
    #: By name as written: what it was expanded to.
    refs: dict[str, str] = field(default_factory=dict)
    #: By that.
    named: dict[str, Named] = field(default_factory=dict)


def sources_with(trees: Sequence[Node], scope: Scope, picked: Rows, names: Mapping[str, str]) -> Rows:
    """Those of the sources that have all names that anything there has."""
    sources = picked
    for text in _first_of(trees):
        ix = scope.tag_ix(_ref(text, names, scope))
        if len(picked) and not (ix[picked] < 0).all():
            sources = sources[ix[sources] >= 0]
    return sources


def resolve(
    tree: Node, scope: Scope, picked: Rows, sources: Rows, names: Mapping[str, str], problems: Problems
) -> Resolved:
    """Look up all names, seen from ``sources`` (of `sources_with`). A name that none of ``picked`` has is a problem."""
    found = Resolved(sources=sources)
    for text, node in _first_of([tree]).items():
        ref = _ref(text, names, scope)
        ix = scope.tag_ix(ref)
        if len(picked) and (ix[picked] < 0).all():
            problems.add(node.at, _unknown(text, ref, scope, picked, names))
            continue
        found.refs[text] = ref
        if len(sources) and ref not in found.named:
            found.named[ref] = _named(ref, ix[sources], scope, node, problems)
    return found


def _first_of(trees: Sequence[Node]) -> dict[str, Name]:
    """Each name, where it stands first."""
    first: dict[str, Name] = {}
    for tree in trees:
        for node in walk(tree):
            if isinstance(node, Name):
                first.setdefault(node.text, node)
    return first


def _ref(text: str, names: Mapping[str, str], scope: Scope) -> str:
    ref = expand(text, names)
    if ref == text and text in BUILT_IN and (scope.tag_ix(text) < 0).all():
        return scope.built_in(text) or text
    return ref


def _named(ref: str, ix: Rows, scope: Scope, node: Name, problems: Problems) -> Named:
    codes = scope.unit_at[ix]
    lead = scope.units[codes[0]]
    if (codes == codes[0]).all():
        return Named(ref, ix, of_tag(lead), (lead,))
    others = [scope.units[code] for code in np.unique(codes).tolist() if code != codes[0]]
    units = (lead, *sorted(others))
    pairs = np.zeros((len(scope.units), 2))
    for unit in units:
        try:
            pairs[scope.units.index(unit)] = conversion(of_tag(unit), of_tag(lead))
        except Incompatible as error:
            problems.add(node.at, f"{_examples(ix, unit, scope)}: {error}; narrow applies_to")
            pairs[scope.units.index(unit)] = 1.0, 0.0
    if (pairs[codes] == (1.0, 0.0)).all():
        return Named(ref, ix, of_tag(lead), (lead,))
    scale, offset = pairs[codes].T.copy()
    return Named(ref, ix, of_tag(lead), units, scale, offset)


def _examples(ix: Rows, unit: str, scope: Scope) -> str:
    """A tag of the leading unit, and one of another."""
    both = (int(ix[0]), int(ix[np.flatnonzero(scope.unit_at[ix] == scope.units.index(unit))[0]]))
    infos = [info for one in both if (info := scope.tags.by_ix(one)) is not None]
    return ", ".join(f"{info.id} is in {info.tag.unit or 'no unit'}" for info in infos)


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
