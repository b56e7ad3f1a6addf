"""The parts a generated park is built of: tanks, reactors, columns, detectors, outlets, stations, with their tags.

Limits are set as an enterprise would set them: level 15 to 85 %, gas at 25 and 50 %LEL (GB/T 50493-2019, 5.5.2),
toxic gas at one and two times the occupational limit, outlets at the figures of common permits.
"""

from collections.abc import Callable, Sequence
from random import Random

from park.gb18218 import Chemical, assess
from park.model import Alarms, From, Hazard, Limit, Source, SourceKind, Tag

Position = tuple[float, float]
_PROCESS_STALE, _MONITOR_STALE = "30s", "90s"

#: Occupational limits of toxic gases, mg/m3: what level 1 is set to; level 2 at twice that.
TOXIC_MG_M3 = {
    "chlorine": 1.0,
    "ammonia": 20.0,
    "hydrogen_sulfide": 10.0,
    "hydrogen_chloride": 7.5,
    "sulfur_dioxide": 5.0,
    "phosgene": 0.5,
    "benzene": 6.0,
    "acrylonitrile": 1.0,
    "methanol": 25.0,
    "toluene": 50.0,
    "vinyl_chloride": 10.0,
}
#: Chemical, Chinese name, usual size of a tank in tonnes.
STORED: tuple[tuple[str, str, float], ...] = (
    ("benzene", "苯", 900.0),
    ("toluene", "甲苯", 800.0),
    ("methanol", "甲醇", 700.0),
    ("ethanol", "乙醇", 600.0),
    ("acetone", "丙酮", 500.0),
    ("styrene", "苯乙烯", 700.0),
    ("ethyl_acetate", "乙酸乙酯", 500.0),
    ("acrylonitrile", "丙烯腈", 300.0),
    ("epichlorohydrin", "环氧氯丙烷", 60.0),
    ("ammonia", "液氨", 30.0),
    ("chlorine", "液氯", 25.0),
    ("hydrogen_chloride", "氯化氢", 40.0),
    ("ethylene_oxide", "环氧乙烷", 40.0),
    ("propylene_oxide", "环氧丙烷", 60.0),
    ("sulfur_dioxide", "二氧化硫", 30.0),
    ("bromine", "溴", 30.0),
)
CHINESE = {name: chinese for name, chinese, _ in STORED}

#: How a part's tags reach us: gives the `From` of a tag id.
Wire = Callable[[str], From]


def alarms(
    *,
    ll: float | None = None,
    l: float | None = None,  # noqa: E741 - the level's name
    h: float | None = None,
    hh: float | None = None,
    deadband: float = 0.0,
    on_s: int = 3,
    off_s: int = 10,
) -> Alarms:
    """Limits with one deadband and one pair of delays."""
    limits = {"LL": ll, "L": l, "H": h, "HH": hh}
    given = {level: Limit(limit=value) for level, value in limits.items() if value is not None}
    return Alarms.model_validate({**given, "deadband": deadband, "on_delay": f"{on_s}s", "off_delay": f"{off_s}s"})


def _tag(
    wire: Wire, name: str, quantity: str, unit: str, span: tuple[float, float] | None, limits: Alarms | None = None
) -> Tag:
    """A process tag."""
    return Tag.model_validate(
        {
            "id": name,
            "quantity": quantity,
            "unit": unit,
            "span": span,
            "alarms": limits,
            "stale_after": _PROCESS_STALE,
            "from": wire(name),
        }
    )


def _state(wire: Wire, name: str, quantity: str) -> Tag:
    """A state: it may rightly stand still, so it is never stale."""
    return Tag.model_validate({"id": name, "quantity": quantity, "unit": "", "from": wire(name), "discrete": True})


def _monitored(name: str, quantity: str, unit: str, span: tuple[float, float], limits: Alarms | None = None) -> Tag:
    """A tag of a monitor, which comes from where its source does."""
    return Tag.model_validate(
        {
            "id": name,
            "quantity": quantity,
            "unit": unit,
            "span": span,
            "alarms": limits,
            "stale_after": _MONITOR_STALE,
        }
    )


def hazard_of(chemical: str, q_t: float, population: int) -> Hazard | None:
    """The declaration of a unit that holds so much; None below the critical quantity."""
    chemicals = (Chemical(name=chemical, q_t=q_t),)
    grade = assess(chemicals, population).grade
    return None if grade is None else Hazard(grade=grade, population_500m=population, chemicals=chemicals)


def tank(rng: Random, name: str, position: Position, wire: Wire, chemical: str, population: int) -> Source:
    """A storage tank; one that holds liquefied gas stands under pressure."""
    size = next(size for one, _, size in STORED if one == chemical)
    q_t = round(size * (0.6 + 0.8 * rng.random()))
    liquefied = chemical in ("ammonia", "chlorine", "ethylene_oxide", "sulfur_dioxide", "hydrogen_chloride")
    pressure = (
        _tag(wire, "PI", "pressure", "kPa", (0, 2500), alarms(l=100, h=1400, hh=1600, deadband=20))
        if liquefied
        else _tag(wire, "PI", "pressure", "kPa", (-2, 15), alarms(l=-1, h=8, hh=10, deadband=0.2))
    )
    return Source(
        id=name,
        kind=SourceKind.TANK,
        name=f"{CHINESE[chemical]}储罐 {name}",
        position=position,
        hazard=hazard_of(chemical, q_t, population),
        tags=(
            _tag(wire, "LI", "level", "%", (0, 100), alarms(ll=5, l=15, h=85, hh=90, deadband=1)),
            _tag(wire, "TI", "temperature", "°C", (0, 100), alarms(h=40, hh=45, deadband=1)),
            pressure,
            _tag(wire, "FI1", "inflow", "m3/h", (0, 3000)),
            _tag(wire, "FI2", "outflow", "m3/h", (0, 3000)),
            _state(wire, "XV", "valve_state"),
        ),
    )


def reactor(rng: Random, name: str, position: Position, wire: Wire) -> Source:
    """A stirred batch reactor with its jacket and interlock."""
    work = 60 + 10 * rng.randrange(8)
    return Source(
        id=name,
        kind=SourceKind.REACTOR,
        name=f"反应釜 {name}",
        position=position,
        tags=(
            _tag(
                wire, "TI1", "temperature", "°C", (0, 250), alarms(l=work - 40, h=work + 20, hh=work + 30, deadband=1)
            ),
            _tag(wire, "PI1", "pressure", "kPa", (0, 1600), alarms(h=600, hh=800, deadband=10)),
            _tag(wire, "LI1", "level", "%", (0, 100), alarms(l=20, h=85, hh=92, deadband=1)),
            _tag(wire, "TI2", "jacket_temperature", "°C", (0, 250)),
            _tag(wire, "FI1", "flow", "m3/h", (0, 20)),
            _tag(wire, "FI2", "cooling_water_flow", "m3/h", (0, 100), alarms(l=15, deadband=1)),
            _tag(wire, "II1", "current", "A", (0, 120), alarms(h=100, deadband=2)),
            _tag(wire, "SI1", "speed", "rpm", (0, 200)),
            _state(wire, "XV1", "valve_state"),
            _state(wire, "XS1", "interlock_state"),
        ),
    )


def column(rng: Random, name: str, position: Position, wire: Wire) -> Source:
    """A distillation column with reboiler and reflux drum."""
    top = 60 + 5 * rng.randrange(8)
    return Source(
        id=name,
        kind=SourceKind.UNIT,
        name=f"精馏塔 {name}",
        position=position,
        tags=(
            _tag(wire, "TI1", "temperature", "°C", (0, 250), alarms(h=top + 25, deadband=1)),
            _tag(wire, "TI2", "temperature", "°C", (0, 250)),
            _tag(wire, "TI3", "temperature", "°C", (0, 250), alarms(h=top + 70, hh=top + 80, deadband=1)),
            _tag(wire, "PI1", "pressure", "kPa", (-100, 500), alarms(h=250, hh=300, deadband=5)),
            _tag(wire, "LI1", "level", "%", (0, 100), alarms(l=20, h=80, deadband=1)),
            _tag(wire, "LI2", "level", "%", (0, 100), alarms(l=20, h=80, deadband=1)),
            _tag(wire, "FI1", "flow", "m3/h", (0, 50)),
            _tag(wire, "FI2", "flow", "m3/h", (0, 50)),
            _tag(wire, "FI3", "steam_flow", "t/h", (0, 20)),
            _tag(wire, "DI1", "pressure_difference", "kPa", (0, 30), alarms(h=20, deadband=0.5)),
        ),
    )


def compressor(name: str, position: Position, wire: Wire) -> Source:
    """A compressor of the cold station."""
    return Source(
        id=name,
        kind=SourceKind.UNIT,
        name=f"压缩机 {name}",
        position=position,
        tags=(
            _tag(wire, "PI1", "pressure", "kPa", (0, 1000), alarms(l=50, deadband=5)),
            _tag(wire, "PI2", "pressure", "kPa", (0, 3000), alarms(h=2000, hh=2200, deadband=20)),
            _tag(wire, "TI1", "temperature", "°C", (0, 200), alarms(h=120, hh=135, deadband=2)),
            _tag(wire, "II1", "current", "A", (0, 400), alarms(h=320, deadband=5)),
            _tag(wire, "VI1", "vibration", "mm/s", (0, 20), alarms(h=7.1, hh=11.2, deadband=0.3)),
            _tag(wire, "VI2", "vibration", "mm/s", (0, 20), alarms(h=7.1, hh=11.2, deadband=0.3)),
            _tag(wire, "EI1", "power", "kW", (0, 1000)),
        ),
    )


def detectors(rng: Random, name: str, position: Position, wire: Wire, chemicals: Sequence[str]) -> Source:
    """A group of gas detectors: combustible gas, and what toxic gas there may be."""
    tags = [
        _tag(wire, f"AI{i}", "combustible_gas", "%LEL", (0, 100), alarms(h=25, hh=50, deadband=2, on_s=1))
        for i in range(1, 4 + rng.randrange(2))
    ]
    for chemical in chemicals:
        if chemical in TOXIC_MG_M3:
            level = TOXIC_MG_M3[chemical]
            limits = alarms(h=level, hh=2 * level, deadband=level / 10, on_s=1)
            tags.append(_tag(wire, f"AI{len(tags) + 1}", chemical, "mg/m3", (0, 10 * level), limits))
    return Source(
        id=name, kind=SourceKind.GAS_DETECTORS, name=f"气体探测器组 {name}", position=position, tags=tuple(tags)
    )


def rto(name: str, position: Position, wire: Wire) -> Source:
    """A regenerative thermal oxidiser."""
    return Source(
        id=name,
        kind=SourceKind.TREATMENT_UNIT,
        name=f"蓄热焚烧炉 {name}",
        position=position,
        tags=(
            _tag(wire, "TI1", "temperature", "°C", (0, 1200), alarms(ll=700, l=760, h=950, hh=1000, deadband=5)),
            _tag(wire, "AI1", "lel", "%LEL", (0, 100), alarms(h=20, hh=25, deadband=1)),
            _tag(wire, "DI1", "pressure_difference", "kPa", (0, 10), alarms(h=6, deadband=0.2)),
            _tag(wire, "II1", "current", "A", (0, 150), alarms(h=120, deadband=2)),
            _state(wire, "XV1", "bypass_state"),
        ),
    )


def gas_outlet(rng: Random, name: str, position: Position, from_: From) -> Source:
    """A stack with its CEMS and NMHC monitor."""
    more = rng.choice(("benzene", "toluene", "methanol", "hydrogen_chloride"))
    limit = {"benzene": 4.0, "toluene": 15.0, "methanol": 50.0, "hydrogen_chloride": 30.0}[more]
    return Source(
        id=name,
        kind=SourceKind.WASTE_GAS_OUTLET,
        name=f"废气排放口 {name}",
        position=position,
        from_=from_,
        tags=(
            _monitored("nmhc", "nmhc", "mg/m3", (0, 200), alarms(h=48, hh=60, deadband=3)),
            _monitored(more, more, "mg/m3", (0, 4 * limit), alarms(hh=limit, deadband=limit / 20)),
            _monitored("so2", "sulfur_dioxide", "mg/m3", (0, 300), alarms(hh=50, deadband=3)),
            _monitored("nox", "nitrogen_oxides", "mg/m3", (0, 300), alarms(hh=100, deadband=3)),
            _monitored("pm", "particulates", "mg/m3", (0, 100), alarms(hh=20, deadband=1)),
            _monitored("o2", "oxygen", "%", (0, 25)),
            _monitored("flow", "flow", "m3/h", (0, 60_000)),
            _monitored("temperature", "temperature", "°C", (0, 300)),
        ),
    )


def water_outlet(name: str, position: Position, from_: From) -> Source:
    """The main outlet to the park's treatment plant."""
    return Source(
        id=name,
        kind=SourceKind.WASTE_WATER_OUTLET,
        name=f"废水总排口 {name}",
        position=position,
        from_=from_,
        tags=(
            _monitored("cod", "cod", "mg/L", (0, 1000), alarms(h=400, hh=500, deadband=10)),
            _monitored("nh3n", "ammonia_nitrogen", "mg/L", (0, 100), alarms(h=28, hh=35, deadband=1)),
            _monitored("tp", "total_phosphorus", "mg/L", (0, 20), alarms(hh=8, deadband=0.3)),
            _monitored("tn", "total_nitrogen", "mg/L", (0, 150), alarms(hh=70, deadband=2)),
            _monitored("ph", "ph", "pH", (0, 14), alarms(l=6, h=9, deadband=0.1)),
            _monitored("flow", "flow", "m3/h", (0, 500)),
        ),
    )


def waste_store(name: str, position: Position, wire: Wire) -> Source:
    """A store of hazardous waste."""
    return Source(
        id=name,
        kind=SourceKind.WASTE_STORE,
        name=f"危废贮存库 {name}",
        position=position,
        tags=(
            _tag(wire, "TI1", "temperature", "°C", (-20, 100), alarms(h=45, hh=55, deadband=1)),
            _tag(wire, "AI1", "voc", "mg/m3", (0, 500), alarms(h=60, deadband=3)),
            _tag(wire, "AI2", "combustible_gas", "%LEL", (0, 100), alarms(h=25, hh=50, deadband=2, on_s=1)),
            _tag(wire, "WI1", "stock", "t", (0, 500), alarms(h=400, deadband=5)),
        ),
    )


def fence_line(number: int, position: Position, connector: str) -> Source:
    """A station at the park's boundary: GB 31571-2015 Table 7, H2S and odour by GB 14554-93."""
    return Source(
        id=f"FL{number:02}",
        kind=SourceKind.FENCE_LINE,
        name=f"园区边界监测站 {number} 号",
        position=position,
        from_=From(connector=connector, device=f"fl{number:02}"),
        tags=(
            _monitored("nmhc", "nmhc", "mg/m3", (0, 100), alarms(h=4, deadband=0.4)),
            _monitored("benzene", "benzene", "mg/m3", (0, 20), alarms(h=0.4, deadband=0.05)),
            _monitored("h2s", "hydrogen_sulfide", "mg/m3", (0, 5), alarms(h=0.06, deadband=0.01)),
            _monitored("odour", "odour", "OU", (0, 1000)),
        ),
    )


def air_station(number: int, position: Position, connector: str) -> Source:
    """An automatic air station: hour limits of GB 3095."""
    return Source(
        id=f"AQ{number:02}",
        kind=SourceKind.AIR_STATION,
        name=f"空气自动监测站 {number} 号",
        position=position,
        from_=From(connector=connector, device=f"aq{number:02}"),
        tags=(
            _monitored("so2", "sulfur_dioxide", "µg/m3", (0, 1000), alarms(h=500, deadband=20)),
            _monitored("no2", "nitrogen_dioxide", "µg/m3", (0, 500), alarms(h=200, deadband=10)),
            _monitored("pm25", "pm25", "µg/m3", (0, 500)),
            _monitored("pm10", "pm10", "µg/m3", (0, 1000)),
            _monitored("o3", "ozone", "µg/m3", (0, 500), alarms(h=200, deadband=10)),
            _monitored("co", "carbon_monoxide", "mg/m3", (0, 50), alarms(h=10, deadband=0.5)),
        ),
    )


def weather_station(number: int, position: Position, connector: str) -> Source:
    """Wind, temperature, humidity, pressure, rain."""
    return Source(
        id=f"WS{number:02}",
        kind=SourceKind.WEATHER_STATION,
        name=f"气象站 {number} 号",
        position=position,
        from_=From(connector=connector, device=f"ws{number:02}"),
        tags=(
            _monitored("wind_speed", "wind_speed", "m/s", (0, 60), alarms(h=17.2, hh=24.5, deadband=1)),
            _monitored("wind_direction", "wind_direction", "°", (0, 360)),
            _monitored("temperature", "temperature", "°C", (-40, 60)),
            _monitored("humidity", "humidity", "%", (0, 100)),
            _monitored("pressure", "pressure", "kPa", (60, 110)),
            _monitored("rain", "rainfall", "mm/h", (0, 200), alarms(h=16, hh=40)),
        ),
    )
