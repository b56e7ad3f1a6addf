"""What the simulators need to know of a substance: how heavy, how flammable, how smelly. Handbook figures, rounded."""

from dataclasses import dataclass

#: Litres of a mole of gas at 25 °C and 101.325 kPa.
MOLAR_VOLUME_L = 24.45


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """One chemical that can leak."""

    #: g/mol
    molar_mass: float
    #: Liquid at storage temperature, kg/m3.
    density_kg_m3: float
    #: Lower explosive limit, % by volume; None: not flammable.
    lel_vol_pct: float | None = None
    #: Counted as VOC and NMHC.
    organic: bool = False
    #: Odour detection threshold, mg/m3.
    odour_mg_m3: float | None = None

    def factor(self, unit: str) -> float | None:
        """What 1 kg/m3 of it in air reads in ``unit``; None where the unit is not one of a gas concentration."""
        ppm = 1e6 * MOLAR_VOLUME_L / self.molar_mass
        if unit in ("%LEL", "LEL%"):
            return None if self.lel_vol_pct is None else ppm / 1e4 / self.lel_vol_pct * 100
        if unit in ("OU", "无量纲", ""):
            return None if self.odour_mg_m3 is None else 1e6 / self.odour_mg_m3
        return {"mg/m3": 1e6, "µg/m3": 1e9, "ug/m3": 1e9, "ppm": ppm, "ppb": ppm * 1e3}.get(unit)


def _organic(molar_mass: float, density: float, lel: float, odour: float) -> Substance:
    return Substance(molar_mass=molar_mass, density_kg_m3=density, lel_vol_pct=lel, organic=True, odour_mg_m3=odour)


#: By the names of GB 18218-2018 as `park.gb18218` writes them.
SUBSTANCES: dict[str, Substance] = {
    "ammonia": Substance(molar_mass=17.03, density_kg_m3=610, lel_vol_pct=15.0, odour_mg_m3=1.0),
    "chlorine": Substance(molar_mass=70.9, density_kg_m3=1410, odour_mg_m3=0.15),
    "hydrogen_chloride": Substance(molar_mass=36.46, density_kg_m3=1190, odour_mg_m3=1.0),
    "hydrogen_fluoride": Substance(molar_mass=20.01, density_kg_m3=990, odour_mg_m3=0.03),
    "hydrogen_sulfide": Substance(molar_mass=34.08, density_kg_m3=790, lel_vol_pct=4.0, odour_mg_m3=0.0008),
    "sulfur_dioxide": Substance(molar_mass=64.06, density_kg_m3=1380, odour_mg_m3=2.5),
    "hydrogen": Substance(molar_mass=2.016, density_kg_m3=71, lel_vol_pct=4.0),
    "bromine": Substance(molar_mass=159.8, density_kg_m3=3100, odour_mg_m3=0.4),
    "phosgene": Substance(molar_mass=98.9, density_kg_m3=1390, odour_mg_m3=1.8),
    "benzene": _organic(78.11, 877, 1.2, 9.0),
    "toluene": _organic(92.14, 867, 1.1, 1.3),
    "styrene": _organic(104.15, 906, 0.9, 0.15),
    "methanol": _organic(32.04, 792, 6.0, 43.0),
    "ethanol": _organic(46.07, 789, 3.3, 1.0),
    "acetone": _organic(58.08, 791, 2.5, 100.0),
    "acrylonitrile": _organic(53.06, 806, 3.0, 19.0),
    "ethylene_oxide": _organic(44.05, 882, 3.0, 470.0),
    "propylene_oxide": _organic(58.08, 830, 2.3, 24.0),
    "vinyl_chloride": _organic(62.5, 911, 3.6, 500.0),
    "epichlorohydrin": _organic(92.5, 1180, 3.8, 3.0),
    "ethyl_acetate": _organic(88.1, 902, 2.0, 3.1),
    "n_hexane": _organic(86.18, 655, 1.1, 5.0),
    "cyclohexane": _organic(84.16, 779, 1.3, 8.7),
    "formaldehyde": _organic(30.03, 815, 7.0, 0.6),
    "lpg": _organic(50.0, 540, 1.8, 3000.0),
    "ethylene": _organic(28.05, 570, 2.7, 20.0),
    "butadiene": _organic(54.09, 620, 1.4, 0.5),
    "carbon_disulfide": _organic(76.14, 1263, 1.3, 0.65),
}

#: A flammable organic liquid of no particular name.
SOLVENT = _organic(85.0, 850, 1.5, 5.0)


def substance(name: str) -> Substance:
    """The substance of that name, else the nameless solvent."""
    return SUBSTANCES.get(name, SOLVENT)


#: Quantities that answer to any organic vapour, and what share of its mass they see.
_SEES_ORGANICS = {"voc": 1.0, "nmhc": 0.86, "tvoc": 1.0}
#: Other words for a substance that tags use.
_ALIASES = {"h2s": "hydrogen_sulfide", "so2": "sulfur_dioxide", "hcl": "hydrogen_chloride", "nh3": "ammonia"}
_ANY_COMBUSTIBLE = ("combustible_gas", "lel", "flammable_gas")


def reading_per_kg_m3(quantity: str, unit: str, chemical: str) -> float:
    """What an instrument for ``quantity`` in ``unit`` reads for 1 kg/m3 of ``chemical`` in air; 0 where it is blind."""
    one = substance(chemical)
    factor = one.factor(unit) or 0.0
    if _ALIASES.get(quantity, quantity) == chemical:
        return factor
    if quantity in _ANY_COMBUSTIBLE:
        return factor if one.lel_vol_pct is not None else 0.0
    if quantity in _SEES_ORGANICS and one.organic:
        return factor * _SEES_ORGANICS[quantity]
    if quantity == "odour":
        return 1e6 / one.odour_mg_m3 if one.odour_mg_m3 else 0.0
    return 0.0
