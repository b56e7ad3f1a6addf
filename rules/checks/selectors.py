"""Selectors that pick nothing, and words in them that this park does not have."""

from collections.abc import Iterator

from park.inverted import Positions
from rules.checks.finding import Finding, Loc, Seen, suggestion
from rules.spec import AnyRule, Selector

_WHAT = {
    "quantity": "no tag of this park has the quantity",
    "source_kind": "no source of this park with tags is of the kind",
    "enterprise": "no tag of this park belongs to",
    "source": "no source of this park with tags has the id",
    "tag": "no tag of this park has the id",
    "grade": "no source of this park with tags is a major hazard installation of grade",
}


def of_selector(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """Warnings only: a pack of rules fits many parks."""
    yield from _words(seen, rule.applies_to, ("applies_to",))
    if not len(at):
        yield Finding(loc=("applies_to",), message=f"rule {rule.id} picks no tag of this park: it watches nothing")


def _words(seen: Seen, selector: Selector, loc: Loc) -> Iterator[Finding]:
    for field, names in selector.lists():
        column = seen.tags.inverted.columns[field]
        for i, name in enumerate(names):
            if name not in column:
                shown = getattr(name, "value", name)
                cure = suggestion(shown, (one for one in column.names if isinstance(one, str)))
                yield Finding(loc=(*loc, field, i), message=f"{_WHAT[field]} {shown!r}{cure}")
    for i, one in enumerate(selector.but_not or ()):
        yield from _words(seen, one, (*loc, "but_not", i))
