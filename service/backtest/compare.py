"""What other rules would have raised otherwise: alerts added, removed, moved, or the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rules.arrays import FAR
from service.backtest.found import Found

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One alert under both sets of rules, at other times or at another level."""

    before: Found
    after: Found

    @property
    def raised_by_us(self) -> int:
        """Later by so much; negative: earlier."""
        return self.after.raised_us - self.before.raised_us

    @property
    def cleared_by_us(self) -> int | None:
        """The same of its end; None where it stands at the end under one of them."""
        before, after = self.before.cleared_us, self.after.cleared_us
        return None if before is None or after is None else after - before


@dataclass(slots=True, kw_only=True)
class Difference:
    """From the rules held against (before) to the rules on trial (after)."""

    added: list[Found] = field(default_factory=list)
    removed: list[Found] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    same: list[Found] = field(default_factory=list)


def compare(before: Iterable[Found], after: Iterable[Found]) -> Difference:
    """Alerts of one rule, target and side belong together where their times overlap; each to one other at most."""
    found = Difference()
    old, new = _by_key(before), _by_key(after)
    for key in sorted(old.keys() | new.keys()):
        for one, other in _matched(old.get(key, []), new.get(key, [])):
            if one is None and other is not None:
                found.added.append(other)
            elif one is not None and other is None:
                found.removed.append(one)
            elif one is not None and other is not None:
                if _is_same(one, other):
                    found.same.append(other)
                else:
                    found.moved.append(Moved(before=one, after=other))
    return found


def _by_key(alerts: Iterable[Found]) -> dict[_Key, list[Found]]:
    groups: dict[_Key, list[Found]] = {}
    for one in alerts:
        groups.setdefault(one.key, []).append(one)
    for group in groups.values():
        group.sort(key=lambda one: (one.raised_us, one.onset_us))
    return groups


def _matched(old: list[Found], new: list[Found]) -> Iterator[tuple[Found | None, Found | None]]:
    """Both in order of time; one pass."""
    i = j = 0
    while i < len(old) and j < len(new):
        one, other = old[i], new[j]
        if _end_us(one) < other.raised_us:
            yield one, None
            i += 1
        elif _end_us(other) < one.raised_us:
            yield None, other
            j += 1
        else:
            yield one, other
            i, j = i + 1, j + 1
    for one in old[i:]:
        yield one, None
    for other in new[j:]:
        yield None, other


def _end_us(one: Found) -> int:
    return FAR if one.cleared_us is None else one.cleared_us


def _is_same(one: Found, other: Found) -> bool:
    return (one.raised_us, one.cleared_us, one.level) == (other.raised_us, other.cleared_us, other.level)
