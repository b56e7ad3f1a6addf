"""A park file to spoil: a valid one, and what a change to it leads to."""

import pytest

from park.check import load_park
from park.yamlfile import FileInvalid

VALID = """\
version: 1
id: shangyu
name: 上虞
sources:
  - id: weather
    kind: weather_station
    position: [120.88, 30.16]
    from: {connector: stations}
    tags:
      - id: wind-speed
        quantity: wind_speed
        unit: m/s
enterprises:
  - id: acme
    name: 安可化工
    sources:
      - id: tank-1
        kind: tank
        position: [120.87, 30.15]
        from: {connector: dcs, device: plc-1}
        hazard:
          grade: 4
          population_500m: 0
          chemicals:
            - {name: benzene, q_t: 100}
        tags:
          - id: LT-101
            quantity: level
            unit: "%"
            span: [0, 100]
            stale_after: 10s
            alarms:
              H: 80
              HH: {limit: 90, on_delay: 5s}
              deadband: 1
          - id: TT-101
            quantity: temperature
            unit: ℃
  - id: zeta
    name: Zeta
    sources:
      - id: outlet-1
        kind: waste_gas_outlet
        position: [120.89, 30.17]
        tags:
          - id: "NO"
            quantity: nitrogen_oxide
            unit: mg/m3
            from: {connector: cems, address: a21003}
"""


def but(old: str, new: str, *more: tuple[str, str]) -> str:
    """The valid file with each old text, which must stand there once, replaced by its new one."""
    text = VALID
    for one, other in ((old, new), *more):
        assert text.count(one) == 1, f"{one!r} stands {text.count(one)} times"
        text = text.replace(one, other)
    return text


def errors_of(text: str) -> list[str]:
    """What is told about a file that cannot be used."""
    with pytest.raises(FileInvalid) as caught:
        load_park(text, "park.yaml")
    return [str(problem) for problem in caught.value.problems]


def warnings_of(text: str) -> list[str]:
    """What is told about a file that can be used, but is odd."""
    return [str(problem) for problem in load_park(text, "park.yaml").warnings]


def line_of(text: str, part: str) -> int:
    """The line, from 1, of the one place where ``part`` stands."""
    assert text.count(part) == 1, f"{part!r} stands {text.count(part)} times"
    return text[: text.index(part)].count("\n") + 1
