"""Selectors that pick nothing, and words in them that this park does not have."""

from collections.abc import Iterator

from park.inverted import Positions
from rules.checks.finding import Finding, Loc, Seen, some, suggestion
from rules.spec import AnyRule, Selector

_WHAT = {
    "quantity": "no tag of this park has the quantity",
    "source_kind": "no source of this park with tags is of the kind",
    "enterprise": "no tag of this park belongs to",
    "source": "no source of this park with tags has the id",
    "tag": "no tag of this park has the id",
    "grade": "no source of this park with tags is a major hazard installation of grade",
}
#: Names of this very park: one that is not there is a mistake. Of the others, packs list what some parks have.
_IDS = ("enterprise", "source", "tag")


def of_selector(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """Warnings only: a pack of rules fits many parks."""
    yield from _words(seen, rule.applies_to, ("applies_to",))
    if not len(at):
        yield Finding(loc=("applies_to",), message=f"rule {rule.id} picks no tag of this park: it watches nothing")


def _words(seen: Seen, selector: Selector, loc: Loc) -> Iterator[Finding]:
    for field, names in selector.lists():
        column = seen.tags.inverted.columns[field]
        absent: list[str] = []
        for i, name in enumerate(names):
            if name in column:
                continue
            shown = getattr(name, "value", name)
            cure = suggestion(shown, (one for one in column.names if isinstance(one, str)))
            if cure or field in _IDS or len(names) == 1:
                yield Finding(loc=(*loc, field, i), message=f"{_WHAT[field]} {shown!r}{cure}")
            else:
                absent.append(str(shown))
        if len(absent) == len(names):
            yield Finding(loc=(*loc, field), message=f"{_WHAT[field]} {some(absent)}")
    for i, one in enumerate(selector.but_not or ()):
        yield from _words(seen, one, (*loc, "but_not", i))
