"""What a check finds, and what it looks at."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo, TagTable
from park.inverted import Positions
from rules.arrays import Bools, Floats
from rules.expression.scope import Scope
from rules.refs import Refs

Loc = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about one rule."""

    #: Keys and positions from the rule on; empty: the rule as a whole.
    loc: Loc
    message: str
    is_error: bool = False
    #: Where in the text at ``loc`` (an expression), from 0.
    offset: int | None = None


class Seen:
    """A park as the checks see it: in columns by position in ``tags.infos``, made once."""

    def __init__(self, tags: TagTable) -> None:
        self.tags = tags
        self.refs = Refs(tags)

    @cached_property
    def scope(self) -> Scope:
        """As conditions see it."""
        return Scope(self.tags)

    @cached_property
    def span_low(self) -> Floats:
        """NaN where a tag has no span."""
        return np.array([one.tag.span[0] if one.tag.span else np.nan for one in self.tags.infos], dtype=np.float64)

    @cached_property
    def span_high(self) -> Floats:
        """NaN where a tag has no span."""
        return np.array([one.tag.span[1] if one.tag.span else np.nan for one in self.tags.infos], dtype=np.float64)

    @cached_property
    def has_limits(self) -> Bools:
        """Limits of its own."""
        return np.array([bool(one.tag.alarms and one.tag.alarms.limits()) for one in self.tags.infos], dtype=np.bool_)

    @cached_property
    def has_timeout(self) -> Bools:
        """``stale_after``"""
        return np.array([one.tag.stale_after is not None for one in self.tags.infos], dtype=np.bool_)

    @cached_property
    def has_hold(self) -> Bools:
        """``frozen_after``"""
        return np.array([one.tag.frozen_after is not None for one in self.tags.infos], dtype=np.bool_)

    @cached_property
    def is_discrete(self) -> Bools:
        """May rightly stand still."""
        return np.array([one.tag.discrete for one in self.tags.infos], dtype=np.bool_)

    @cached_property
    def _units(self) -> tuple[list[str], NDArray[np.int64]]:
        names = sorted({one.tag.unit for one in self.tags.infos})
        number = {name: i for i, name in enumerate(names)}
        return names, np.array([number[one.tag.unit] for one in self.tags.infos], dtype=np.int64)

    def units(self, at: Positions) -> list[str]:
        """The different units of some tags."""
        names, codes = self._units
        return [names[code] for code in np.unique(codes[at]).tolist()]

    def first(self, at: Positions) -> TagInfo:
        """Of at least one tag."""
        return self.tags.infos[int(at[0])]


def suggestion(word: object, known: Iterable[object]) -> str:
    """The beginning of a cure, or nothing."""
    near = difflib.get_close_matches(str(word), [str(one) for one in known], n=1, cutoff=0.8)
    return f"; did you mean {near[0]!r}?" if near else ""


def some(names: Sequence[str], most: int = 3) -> str:
    """The first few, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
