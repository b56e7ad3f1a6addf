"""Makes a chemical park of any size: realistic, deterministic, with exactly the number of tags asked for."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from park.model import Enterprise, From, Park, Source
from simulators import park_parts as parts
from simulators.park_yaml import to_yaml
from simulators.plume import position_at

#: Middle of the generated park, WGS 84: on the south shore of Hangzhou Bay.
ORIGIN = (120.87, 30.15)
#: Least distance between two sources, and the strip that stays free around an enterprise's plot.
SPACING_M, _MARGIN_M = 25.0, 30.0
_FENCE_M = 120.0
_MQTT = "mqtt"
_FIRST = "瑞宏嘉泰永盛兴华正金鼎恒科信达安源凯"
_SECOND = "丰远诚和达康茂隆博弘"
_TRADES = ("化工", "新材料", "精细化学", "药业", "染料", "助剂", "电子化学品", "高分子材料", "生物科技", "环保科技")


def make_park(enterprises: int, tags: int, seed: int, *, gateways: int | None = None) -> Park:
    """A park of so many enterprises with exactly so many tags; the same arguments always give the same park.

    Each enterprise's process tags come over an OPC UA connector of its own, ``opcua-e001``; with ``gateways`` they
    come over that many shared ones, ``opcua-g1``, dealt out in turn. Monitors send over ``mqtt``.
    Raises ValueError where there would be enterprises without a tag.
    """
    if enterprises < 1 or tags < enterprises:
        raise ValueError(f"{tags} tags cannot be dealt out to {enterprises} enterprises; each needs one at least")
    rng = Random(seed)
    shared, own = _shares(enterprises, tags, rng)
    drafts = [_draft(number, quota, rng, gateways) for number, quota in enumerate(own, 1)]
    grid = _Grid(enterprises, max(len(draft) for draft in drafts))
    names = _names(enterprises, rng)
    return Park(
        id="park",
        name=f"示范化工园区（{enterprises} 家企业）",
        sources=tuple(_fill(_stations(grid), shared)),
        enterprises=tuple(
            Enterprise(id=f"e{number:03}", name=name, sources=tuple(_placed(draft, grid, number - 1)))
            for number, (draft, name) in enumerate(zip(drafts, names, strict=True), 1)
        ),
    )


def _shares(enterprises: int, tags: int, rng: Random) -> tuple[int, list[int]]:
    """(tags of the park's own stations, tags of each enterprise): some are five times as large as others."""
    shared = min(2 * 6 + 2 * 6 + 8 * 4, max(0, (tags - enterprises) // 4))
    weights = [0.4 + 1.6 * rng.random() ** 2 for _ in range(enterprises)]
    spare = tags - shared - enterprises
    own = [1 + int(spare * weight / sum(weights)) for weight in weights]
    for i in range(tags - shared - sum(own)):
        own[i % enterprises] += 1
    return shared, own


def _names(count: int, rng: Random) -> list[str]:
    pairs = [a + b for a in _FIRST for b in _SECOND if a != b]
    full = [f"{pair}{trade}有限公司" for pair in pairs for trade in _TRADES]
    if count > len(full):
        full += [f"{name[:-4]}（{i}）有限公司" for i in range(2, 2 + count // len(full)) for name in full]
    return _sample(full, count, rng)


def _sample(items: list[str], count: int, rng: Random) -> list[str]:
    """Like random.sample, whose order of draws Python does not promise to keep."""
    keyed = sorted((rng.random(), i) for i in range(len(items)))
    return [items[i] for _, i in keyed[:count]]


class _Grid:
    """Plots in rows and columns about the park's middle, and the places of sources in them."""

    def __init__(self, enterprises: int, most_sources: int) -> None:
        self._columns = math.ceil(math.sqrt(enterprises * 1.2))
        self._rows = math.ceil(enterprises / self._columns)
        self._across = max(4, math.ceil(math.sqrt(most_sources * 1.3)))
        self._deep = max(3, math.ceil(most_sources / self._across))
        self.width_m = self._across * SPACING_M + 2 * _MARGIN_M
        self.depth_m = self._deep * SPACING_M + 2 * _MARGIN_M
        self.half_east_m = self._columns * self.width_m / 2
        self.half_north_m = self._rows * self.depth_m / 2

    def place(self, plot: int, slot: int) -> parts.Position:
        """Position of the slot-th source of a plot."""
        column, row = plot % self._columns, plot // self._columns
        east = -self.half_east_m + column * self.width_m + _MARGIN_M + (slot % self._across + 0.5) * SPACING_M
        north = self.half_north_m - row * self.depth_m - _MARGIN_M - (slot // self._across + 0.5) * SPACING_M
        return self._position(east, north)

    def around(self, share: float) -> parts.Position:
        """A place on the fence, ``share`` of the way round, clockwise from the north-west corner."""
        east, north = self.half_east_m + _FENCE_M, self.half_north_m + _FENCE_M
        side, along = divmod(share * 4, 1.0)
        corners = ((-east, north), (east, north), (east, -north), (-east, -north), (-east, north))
        (x0, y0), (x1, y1) = corners[int(side)], corners[int(side) + 1]
        return self._position(x0 + (x1 - x0) * along, y0 + (y1 - y0) * along)

    @staticmethod
    def _position(east_m: float, north_m: float) -> parts.Position:
        lon, lat = position_at(east_m, north_m, ORIGIN)
        return round(lon, 6), round(lat, 6)


def _stations(grid: _Grid) -> Iterator[Source]:
    yield parts.weather_station(1, grid.around(0.05), _MQTT)
    for i in range(8):
        yield parts.fence_line(i + 1, grid.around(i / 8), _MQTT)
    yield parts.air_station(1, grid.around(0.30), _MQTT)
    yield parts.air_station(2, grid.around(0.80), _MQTT)
    yield parts.weather_station(2, grid.around(0.55), _MQTT)


def _fill(sources: Iterator[Source], quota: int) -> Iterator[Source]:
    """Sources until the quota of tags is used up; the last is cut to fit."""
    while quota > 0:
        source = next(sources)
        yield source.model_copy(update={"tags": source.tags[:quota]}) if len(source.tags) > quota else source
        quota -= len(source.tags)


def _draft(number: int, quota: int, rng: Random, gateways: int | None) -> list[Source]:
    """The enterprise's sources, all at the park's middle still; together they have exactly ``quota`` tags."""
    enterprise = f"e{number:03}"
    wires = _Wires(
        enterprise=enterprise,
        connector=f"opcua-{enterprise}" if gateways is None else f"opcua-g{(number - 1) % gateways + 1}",
        prefix="" if gateways is None else f"{enterprise}.",
    )
    return list(_fill(_programme(wires, rng), quota))


def _placed(draft: list[Source], grid: _Grid, plot: int) -> Iterator[Source]:
    for slot, source in enumerate(draft):
        yield source.model_copy(update={"position": grid.place(plot, slot)})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wires:
    """How an enterprise's tags reach us."""

    enterprise: str
    connector: str
    #: Before the name of a node, where several enterprises share a server.
    prefix: str

    def opcua(self, source: str) -> parts.Wire:
        """By a node of its own for each tag."""
        return lambda tag: From(connector=self.connector, address=f"ns=2;s={self.prefix}{source}.{tag}")

    def mqtt(self, source: str) -> From:
        """By a cabinet at the source."""
        return From(connector=_MQTT, device=f"{self.enterprise}-{source.lower()}")


def _programme(wires: _Wires, rng: Random) -> Iterator[Source]:
    """Sources without end, in the order in which an enterprise of growing size has them."""
    stored = _sample([name for name, _, _ in parts.STORED], 3, rng)
    population = rng.choice((0, 0, 20, 40, 60, 120))
    section = 0
    while True:
        section += 1
        yield from _tank_farm(section, wires, rng, stored, population)
        yield from _outlets(section, wires, rng)
        yield from _production(section, wires, rng, stored)


def _tank_farm(section: int, wires: _Wires, rng: Random, stored: list[str], population: int) -> Iterator[Source]:
    for i in range(1, 3 + rng.randrange(4)):
        name, chemical = f"V{section}{i:02}", stored[i % len(stored)]
        yield parts.tank(rng, name, ORIGIN, wires.opcua(name), chemical, population)
        if i % 2:
            name = f"GV{section}{i:02}"
            yield parts.detectors(rng, name, ORIGIN, wires.opcua(name), stored)


def _outlets(section: int, wires: _Wires, rng: Random) -> Iterator[Source]:
    name = f"RTO{section}"
    yield parts.rto(name, ORIGIN, wires.opcua(name))
    name = f"DA{section:03}"
    yield parts.gas_outlet(rng, name, ORIGIN, wires.mqtt(name))
    if section == 1:
        yield parts.water_outlet("DW001", ORIGIN, wires.mqtt("DW001"))
        yield parts.waste_store("WS001", ORIGIN, wires.opcua("WS001"))


def _production(section: int, wires: _Wires, rng: Random, stored: list[str]) -> Iterator[Source]:
    for i in range(1, 3 + rng.randrange(4)):
        name = f"R{section}{i:02}"
        yield parts.reactor(rng, name, ORIGIN, wires.opcua(name))
        if i % 3 == 1:
            name = f"GR{section}{i:02}"
            yield parts.detectors(rng, name, ORIGIN, wires.opcua(name), stored)
    for i in range(1, 2 + rng.randrange(3)):
        name = f"C{section}{i:02}"
        yield parts.column(rng, name, ORIGIN, wires.opcua(name))
    name = f"K{section}01"
    yield parts.compressor(name, ORIGIN, wires.opcua(name))


def main() -> None:
    """Writes a park file: ``python -m simulators.park_maker 120 20000 1 > park-120.yaml``."""
    parser = argparse.ArgumentParser(prog="simulators.park_maker", description="Make a park file")
    parser.add_argument("enterprises", type=int)
    parser.add_argument("tags", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--gateways", type=int, help="shared OPC UA servers, instead of one an enterprise")
    asked = parser.parse_args()
    print(to_yaml(make_park(asked.enterprises, asked.tags, asked.seed, gateways=asked.gateways)), end="")


if __name__ == "__main__":
    main()
