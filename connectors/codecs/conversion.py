"""From the unit a sender writes to the unit of the tag."""

from functools import lru_cache

from park.units import factor_offset

#: No unit is longer; what is, is not remembered either.
_LONGEST = 40


def conversion(given: str, wanted: str) -> tuple[float, float] | str:
    """(a, b) of ``value = a * given + b``; or, where there is no such thing, a sentence that says why."""
    if len(given) > _LONGEST:
        return f"{given[:_LONGEST]!r}... is too long for a unit; send the value in {wanted!r}"
    return _conversion(given, wanted)


@lru_cache(maxsize=4096)
def _conversion(given: str, wanted: str) -> tuple[float, float] | str:
    try:
        return factor_offset(given, wanted)
    except ValueError as error:
        return str(error)
