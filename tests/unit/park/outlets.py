"""A park file with one outlet to spoil."""

from park.check import load_park
from park.model import Source

OUTLET = """\
version: 1
id: shangyu
name: 上虞
enterprises:
  - id: acme
    name: 安可化工
    sources:
      - id: DA001
        kind: waste_gas_outlet
        position: [120.89, 30.17]
        from: {connector: cems, device: da001}
        outlet:
          combustion: true
          reference_oxygen: 3
          stack_height_m: 25
          special_limits: true
          standards: [GB 31571-2015/table-5, GB 37822-2019]
          conditions: [process_heater]
          permit_limits:
            - {quantity: nmhc, basis: hour, limit: 60, unit: mg/m3, permit: 9133-P, valid_from: 2025-01-01}
          amounts:
            - {quantity: nmhc, amount: 2.4, unit: t, per: year, permit: 9133-P, valid_from: 2025-01-01}
        tags:
          - {id: nmhc, quantity: nmhc, unit: mg/m3}
          - {id: so2, quantity: sulfur_dioxide, unit: mg/m3}
          - {id: o2, quantity: oxygen, unit: "%"}
          - {id: flow, quantity: flow, unit: m3/h}
"""


def but(*changes: tuple[str, str]) -> str:
    """The file with each old text, which must stand there once, replaced by its new one."""
    text = OUTLET
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def source_of(text: str) -> Source:
    """The one source of the file."""
    return load_park(text, "park.yaml").park.enterprises[0].sources[0]
