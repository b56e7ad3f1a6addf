"""Names of other tags that lead nowhere."""

from collections.abc import Iterator

from park.inverted import Positions
from rules.checks.finding import Finding, Loc, Seen, some, suggestion
from rules.spec import AnyRule, DeviationRule, LimitRule


def of_references(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """An error where a name leads nowhere from any source of the rule, a warning where it does from some."""
    named = list(_named(rule))
    if not named:
        return
    sources = {(info.enterprise, info.source.id): None for info in (seen.tags.infos[one] for one in at.tolist())}
    for loc, ref in named:
        lost = [
            f"{enterprise}.{source}" for enterprise, source in sources if not seen.refs.tag(ref, enterprise, source)
        ]
        if len(lost) == len(sources):
            known = _known(seen, ref, sources)
            message = f"{ref!r} names no tag, seen from {some(lost)}{suggestion(ref, known)}"
            yield Finding(loc=loc, message=message, is_error=True)
        elif lost:
            message = f"{ref!r} names no tag, seen from {len(lost)} of {len(sources)} sources: {some(lost)}"
            yield Finding(loc=loc, message=message)


def _named(rule: AnyRule) -> Iterator[tuple[Loc, str]]:
    if isinstance(rule, LimitRule) and rule.limits_from is not None:
        for level in ("HH", "H", "L", "LL"):
            moving = getattr(rule.limits_from, level)
            if moving is not None:
                yield ("limits_from", level, "tag"), moving.tag
    if isinstance(rule, DeviationRule) and rule.reference is not None:
        yield ("reference",), rule.reference


def _known(seen: Seen, ref: str, sources: dict[tuple[str, str], None]) -> Iterator[str]:
    """What could have been meant, in the form in which it was said."""
    parts = ref.count(".") + 1
    for info in seen.tags.infos:
        if parts == 1 and (info.enterprise, info.source.id) in sources:
            yield info.tag.id
        elif parts == 2:
            yield f"{info.source.id}.{info.tag.id}"
        elif parts == 3:
            yield info.id
