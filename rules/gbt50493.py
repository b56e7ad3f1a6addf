"""Set-points of gas detectors: the most that GB/T 50493-2019, 5.5.2 allows. From secondary sources."""

from dataclasses import dataclass

from park.index import TagInfo
from park.model import Level, SourceKind

CLAUSE = "GB/T 50493-2019, 5.5.2"
#: Three agreeing pages, not the standard itself.
CONFIDENCE = "secondary"

#: %LEL
_COMBUSTIBLE = {Level.H: 25.0, Level.HH: 50.0}
#: LEL·m, line-type detectors.
_LINE = {Level.H: 1.0, Level.HH: 2.0}
#: %VOL: enrichment at most, depletion at least.
_OXYGEN_HIGH, _OXYGEN_LOW = 23.5, 19.5
_OF_OEL = {Level.H: 1.0, Level.HH: 2.0}
_OF_IDLH = {Level.H: 0.05, Level.HH: 0.10}
#: Litres a mole at 20 °C and 101.3 kPa.
_MOLAR_VOLUME_L = 24.04
_NAMES = {Level.H: "level 1", Level.HH: "level 2"}


@dataclass(frozen=True, slots=True)
class Toxic:
    """mg/m3; the exposure limit is MAC, or PC-TWA where there is no MAC. None: no figure that can be relied on."""

    oel: float
    idlh: float | None
    #: g/mol
    molar_mass: float


#: Left out: formaldehyde, ethylene oxide, bromine (the source's rows look shifted), NO (merged into the limit of NO2),
#: and the IDLH of HF (the source's figure is suspicious).
TOXIC: dict[str, Toxic] = {
    "hydrogen_sulfide": Toxic(10, 430, 34.08),
    "carbon_monoxide": Toxic(20, 1700, 28.01),
    "nitrogen_dioxide": Toxic(5, 96, 46.01),
    "chlorine": Toxic(1, 88, 70.91),
    "hydrogen_peroxide": Toxic(1.5, 100, 34.01),
    "methanol": Toxic(25, 33000, 32.04),
    "sulfur_dioxide": Toxic(5, 270, 64.07),
    "ammonia": Toxic(20, 360, 17.03),
    "carbon_dioxide": Toxic(9000, 92000, 44.01),
    "benzene": Toxic(6, 9800, 78.11),
    "hydrogen_cyanide": Toxic(1, 56, 27.03),
    "hydrogen_chloride": Toxic(7.5, 150, 36.46),
    "hydrogen_fluoride": Toxic(2, None, 20.01),
    "phosgene": Toxic(0.5, 8, 98.92),
    "vinyl_chloride": Toxic(10, None, 62.50),
    "acrylonitrile": Toxic(1, 1100, 53.06),
    "toluene": Toxic(50, 7700, 92.14),
    "xylene": Toxic(50, 4400, 106.17),
    "phenol": Toxic(10, 950, 94.11),
    "ozone": Toxic(0.3, 20, 48.00),
}


def is_gas_detector(info: TagInfo) -> bool:
    """Whether the clause is about this tag: it stands in a group of gas detectors."""
    return info.source.kind is SourceKind.GAS_DETECTORS


def excess(info: TagInfo, level: Level, limit: float) -> str:
    """What is wrong with this set-point of a gas detector, and by which clause; empty where nothing is."""
    if not is_gas_detector(info):
        return ""
    unit, quantity = info.tag.unit.replace(" ", ""), info.tag.quantity
    if quantity == "oxygen":
        found = _oxygen(level, limit)
    elif level not in _NAMES:
        found = ""
    elif unit in ("%LEL", "LEL%"):
        found = _over(limit, _COMBUSTIBLE[level], "%LEL", level)
    elif unit in ("LEL*m", "LEL·m", "LELm"):
        found = _over(limit, _LINE[level], "LEL·m", level)
    elif quantity in TOXIC:
        found = _toxic(TOXIC[quantity], unit, level, limit)
    else:
        found = ""
    return f"{found} ({CLAUSE}; confidence: {CONFIDENCE})" if found else ""


def _over(limit: float, most: float, unit: str, level: Level) -> str:
    return f"{level.value} {limit:g} {unit}: {_NAMES[level]} is at most {most:g} {unit}" if limit > most else ""


def _oxygen(level: Level, limit: float) -> str:
    # Of further levels the clause says nothing.
    if level is Level.H and limit > _OXYGEN_HIGH:
        return f"H {limit:g} %VOL: enrichment is told at {_OXYGEN_HIGH:g} %VOL or below"
    if level is Level.L and limit < _OXYGEN_LOW:
        return f"L {limit:g} %VOL: depletion is told at {_OXYGEN_LOW:g} %VOL or above"
    return ""


def _toxic(gas: Toxic, unit: str, level: Level, limit: float) -> str:
    factor = _to_mg_m3(gas, unit)
    if factor is None:
        return ""
    mg_m3, oel = limit * factor, gas.oel * _OF_OEL[level]
    # A set-point converted from the very limit must not fail on its last digit.
    if mg_m3 <= oel * 1.005:
        return ""
    most = f"{_NAMES[level]} is at most {_OF_OEL[level]:.0%} OEL = {oel / factor:.3g} {unit}"
    if gas.idlh is not None and oel < gas.idlh * _OF_IDLH[level]:
        idlh = gas.idlh * _OF_IDLH[level]
        most += f", or {_OF_IDLH[level]:.0%} IDLH = {idlh / factor:.3g} {unit} where its range cannot resolve that"
    return f"{level.value} {limit:g} {unit}: {most}"


def _to_mg_m3(gas: Toxic, unit: str) -> float | None:
    if unit in ("mg/m3", "mg/m³", "mg/m^3"):
        return 1.0
    ppm = gas.molar_mass / _MOLAR_VOLUME_L
    return {"ppm": ppm, "ppb": ppm / 1e3, "µg/m3": 1e-3, "ug/m3": 1e-3}.get(unit)
