"""Whether what a source holds shows on the instrument that smelt something, by name."""

from collections.abc import Sequence

from rules.tracing.case import Match

#: Quantities that answer to any organic vapour.
_ANY_ORGANIC = frozenset({"nmhc", "voc", "tvoc", "total_hydrocarbons"})
_COMBUSTIBLE = frozenset({"combustible_gas", "lel", "flammable_gas"})
#: Quantities that answer to a few: family -> its members.
_FAMILIES = {"benzene_series": frozenset({"benzene", "toluene", "xylene", "ethylbenzene", "styrene"})}
#: Smell that has no name may be of anything but these.
_ODOURLESS = frozenset({"hydrogen", "methane", "oxygen", "acetylene"})
#: Chemicals of GB 18218-2018 that are no organic vapour.
_INORGANIC = frozenset(
    {
        *("ammonia", "chlorine", "hydrogen_chloride", "hydrogen_fluoride", "hydrogen_sulfide", "sulfur_dioxide"),
        *("sulfur_trioxide", "nitrogen_dioxide", "hydrogen", "bromine", "fluorine", "phosgene", "phosphine", "arsine"),
        *("oxygen", "white_phosphorus", "sodium", "potassium", "calcium_carbide", "chlorate", "peroxide_k_na"),
        *("fuming_nitric_acid", "nitric_acid_over_70pct", "potassium_nitrate", "ammonium_nitrate", "methane"),
        *("ammonium_nitrate_fertiliser", "ammonium_nitrate_over_0.2pct_combustible", "alkyl_aluminium"),
    }
)
_ALIASES = {"h2s": "hydrogen_sulfide", "so2": "sulfur_dioxide", "hcl": "hydrogen_chloride", "nh3": "ammonia"}


def shows(substance: str, quantity: str) -> Match:
    """SAME, FAMILY or OTHER: whether this substance shows on an instrument for this quantity."""
    asked, held = (_ALIASES.get(one, one) for one in (quantity, substance))
    if held == asked:
        return Match.SAME
    organic = held not in _INORGANIC
    in_family = (
        (asked in _ANY_ORGANIC and organic)
        or (asked in _COMBUSTIBLE and (organic or held in ("hydrogen", "methane", "ammonia", "hydrogen_sulfide")))
        or (asked == "odour" and held not in _ODOURLESS)
        or held in _FAMILIES.get(asked, ())
        # What an outlet is said to emit as a sum may hold the one that was smelt.
        or (held in _ANY_ORGANIC and asked not in _INORGANIC)
        or asked in _FAMILIES.get(held, ())
    )
    return Match.FAMILY if in_family else Match.OTHER


def match_of(held: Sequence[str], quantity: str) -> tuple[Match, tuple[str, ...]]:
    """The best of all that a source holds, and which of it shows. Nothing known: UNKNOWN."""
    if not held:
        return Match.UNKNOWN, ()
    each = [(one, shows(one, quantity)) for one in dict.fromkeys(held)]
    for wanted in (Match.SAME, Match.FAMILY):
        found = tuple(one for one, match in each if match is wanted)
        if found:
            return wanted, found
    return Match.OTHER, ()
