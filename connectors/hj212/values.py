"""Single values: numbers and data flags as senders write them, and what is odd about them."""

import re
from typing import Final

from park.quality import HJ212_FLAGS, Detail, Quality, quality_byte

#: Numbers as the standard has them (type N): digits, a point, digits. At once a bound on how great they can be.
number = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,16})?").fullmatch
#: Several of them, each with a semicolon after it; no value holds one that is not inside a text.
numbers = re.compile(r"(?:-?[0-9]{1,16}(?:\.[0-9]{1,16})?;)+").fullmatch
_OTHER_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
#: How senders write that they have no value.
_NONE = re.compile(r"(?i)-*|nan|null|none|n/?a|/")
_GREATEST = 1e16

GOOD = quality_byte(Quality.GOOD)
#: Flag as sent -> quality byte.
QUALITIES: Final[dict[str, int]] = HJ212_FLAGS
#: A flag that means nothing in the standard: nobody can say that the value is good.
UNKNOWN_FLAG = quality_byte(Quality.UNCERTAIN)
NO_VALUE = quality_byte(Quality.BAD, Detail.NONE)
NAN = float("nan")
_SHOWN = 40


def read_number(text: str, odd: dict[str, None]) -> float | None:
    """A number that is written oddly; NaN where the sender says that it has none; None where it cannot be known."""
    bare = text.strip()
    if bare != text:
        odd["stray_blank"] = None
    if number(bare):
        return float(bare)
    if _NONE.fullmatch(bare):
        odd["no_value"] = None
        return NAN
    if _OTHER_NUMBER.fullmatch(bare) and abs(value := float(bare)) < _GREATEST:
        odd["number_form"] = None
        return value
    return None


def read_flag(text: str, odd: dict[str, None]) -> int:
    """The quality byte of a flag that is written oddly."""
    bare = text.strip()
    if bare != text:
        odd["stray_blank"] = None
    if not bare:
        odd["empty_flag"] = None
        return GOOD
    quality = QUALITIES.get(bare)
    if quality is None and (quality := QUALITIES.get(bare.upper())) is not None:
        odd["flag_case"] = None
    if quality is None:
        odd["unknown_flag"] = None
        return UNKNOWN_FLAG
    return quality


def flag_letter(text: str) -> int:
    """The ASCII code of a flag; 0 where it is not one letter."""
    if text in QUALITIES:
        return ord(text)
    bare = text.strip().upper()
    return ord(bare) if len(bare) == 1 and bare.isascii() and bare.isalpha() else 0


def why_no_number(name: str, text: str) -> str:
    """A sentence."""
    shown = repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
    return f"{name} is {shown}; send a plain number such as 12.5, without thousands separators"
