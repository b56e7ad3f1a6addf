"""The pollutant codes of HJ 212-2017, Annex B: names, old codes, printed units. Made from the standard's tables.

A unit printed there is never the unit of a value: packets carry none, and some are printed wrong (ng/m3 for ammonia and
for all particulate matter). What a logger sends is in the unit of the tag, as agreed with its owner.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

#: Which codes a system (ST) speaks of: ``a`` air, ``w`` water.
_MEDIUM = MappingProxyType(
    {
        **dict.fromkeys(("22", "27", "31", "39", "51"), "a"),
        **dict.fromkeys(("21", "24", "26", "32", "33", "34", "52"), "w"),
    }
)


class Code(NamedTuple):
    """One pollutant."""

    code: str
    #: Chinese name.
    name: str
    #: Code in HJ/T 212-2005; empty where there was none.
    code_2005: str
    #: As printed, in Chinese; for reading only.
    unit: str


@cache
def codes() -> Mapping[str, Code]:
    """By code of 2017."""
    text = files(__package__).joinpath("codes.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["code"]: Code(**row) for row in rows})


@cache
def _modern() -> Mapping[tuple[str, str], str]:
    return {(one.code[0], one.code_2005): one.code for one in codes().values() if one.code_2005}


def modern(st: str, code: str) -> str | None:
    """The code of 2017 for one of 2005, which means something only within its medium: ``011`` is COD in water alone."""
    return _modern().get((_MEDIUM.get(st, ""), code))


def find(st: str, code: str) -> Code | None:
    """What a code in a packet of this system means; None where Annex B does not have it."""
    return codes().get(code) or codes().get(modern(st, code) or "")
