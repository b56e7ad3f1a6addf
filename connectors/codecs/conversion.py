"""From the unit a sender writes to the unit of the tag."""

import re
from functools import lru_cache

from park.units import factor_offset

# What pint is shown comes from outside, and pint evaluates powers: 9^9^9 would keep it busy for minutes. A unit is
# letters and symbols with small exponents; nothing else is passed on.
_PLAUSIBLE = re.compile(
    r"(?:1/)?(?:[^\W\d_]|[%°℃()*/·.\s³²-]|(?<=[^\W\d])\d|(?<=[^\W\d])(?:\^|\*\*)-?\d(?!\d)){1,24}|1|"
)


@lru_cache(maxsize=4096)
def conversion(given: str, wanted: str) -> tuple[float, float] | str:
    """(a, b) of ``value = a * given + b``; or, where there is no such thing, a sentence that says why."""
    if not _PLAUSIBLE.fullmatch(given):
        return f"{given[:24]!r} is not a unit; send the value in {wanted!r}"
    try:
        return factor_offset(given, wanted)
    except Exception as error:  # pint raises a dozen types for units that do not fit
        return str(error) or f"{given!r} cannot be converted to {wanted!r}"
