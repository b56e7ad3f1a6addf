"""What an expression means, once names, units and types are known. Equal parts are equal objects: reckoned once.

Names are those that `rules.expression.scope.expand` made; numbers are in one unit each, conversions are `Scaled`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Num:
    """A number."""


@dataclass(frozen=True, slots=True)
class Cond:
    """Something that is so or is not."""


@dataclass(frozen=True, slots=True)
class Const(Num):
    """Always the same."""

    value: float


@dataclass(frozen=True, slots=True)
class Value(Num):
    """Of a tag, as of now."""

    ref: str


@dataclass(frozen=True, slots=True)
class Windowed(Num):
    """Over the last ``us`` of a tag; ``what`` as in `rules.expression.functions.WINDOWS`."""

    what: str
    ref: str
    us: int


@dataclass(frozen=True, slots=True)
class Age(Num):
    """Seconds since the newest usable sample."""

    ref: str


@dataclass(frozen=True, slots=True)
class Hour(Num):
    """Of the day, 0 to 23, fixed UTC+08:00."""


@dataclass(frozen=True, slots=True)
class Scaled(Num):
    """``scale * of + offset``"""

    of: Num
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Computed(Num):
    """``op`` is one of ``+ - * /``."""

    op: str
    left: Num
    right: Num


@dataclass(frozen=True, slots=True)
class Absolute(Num):
    """Without its sign."""

    of: Num


@dataclass(frozen=True, slots=True)
class Extreme(Num):
    """The least or the greatest."""

    greatest: bool
    of: tuple[Num, ...]


@dataclass(frozen=True, slots=True)
class Compared(Cond):
    """``op`` is one of ``< <= > >= == !=``."""

    op: str
    left: Num
    right: Num


@dataclass(frozen=True, slots=True)
class Joined(Cond):
    """By ``and`` or ``or``."""

    op: str
    of: tuple[Cond, ...]


@dataclass(frozen=True, slots=True)
class Inverse(Cond):
    """``not``"""

    of: Cond


@dataclass(frozen=True, slots=True)
class Bit(Cond):
    """Whether bit ``number`` of a word is set."""

    of: Num
    number: int


@dataclass(frozen=True, slots=True)
class Known(Cond):
    """``valid(x)``"""

    ref: str


@dataclass(frozen=True, slots=True)
class Silent(Cond):
    """``stale(x)``"""

    ref: str


@dataclass(frozen=True, slots=True)
class Held(Cond):
    """So for at least ``us``."""

    of: Cond
    us: int


@dataclass(frozen=True, slots=True)
class Between(Cond):
    """The time of day; minutes, fixed UTC+08:00."""

    first: int
    end: int
