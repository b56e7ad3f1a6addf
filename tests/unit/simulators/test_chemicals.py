"""Concentrations in the units that instruments read, checked against handbook conversions."""

import pytest

from simulators.chemicals import SUBSTANCES, reading_per_kg_m3

_MG = 1e-6  # kg/m3


@pytest.mark.parametrize(
    ("quantity", "unit", "chemical", "mg_m3", "reads"),
    [
        pytest.param("benzene", "mg/m3", "benzene", 6.0, 6.0, id="its own mass"),
        pytest.param("benzene", "ppm", "benzene", 3.19, 1.0, id="benzene: 1 ppm is 3.19 mg/m3"),
        pytest.param("chlorine", "ppm", "chlorine", 2.9, 1.0, id="chlorine: 1 ppm is 2.9 mg/m3"),
        pytest.param("h2s", "mg/m3", "hydrogen_sulfide", 10.0, 10.0, id="short name"),
        pytest.param("combustible_gas", "%LEL", "benzene", 38_300.0, 100.0, id="LEL of benzene is 1.2 %vol"),
        pytest.param("combustible_gas", "%LEL", "chlorine", 10_000.0, 0.0, id="chlorine does not burn"),
        pytest.param("nmhc", "mg/m3", "toluene", 100.0, 86.0, id="NMHC counts most of an organic vapour"),
        pytest.param("nmhc", "mg/m3", "ammonia", 100.0, 0.0, id="ammonia is not organic"),
        pytest.param("chlorine", "mg/m3", "ammonia", 100.0, 0.0, id="blind to another gas"),
        pytest.param("odour", "OU", "styrene", 1.5, 10.0, id="ten times the odour threshold"),
    ],
)
def test_what_an_instrument_reads(quantity: str, unit: str, chemical: str, mg_m3: float, reads: float) -> None:
    assert mg_m3 * _MG * reading_per_kg_m3(quantity, unit, chemical) == pytest.approx(reads, rel=0.01, abs=1e-9)


def test_all_substances_are_plausible() -> None:
    for name, one in SUBSTANCES.items():
        assert 1 < one.molar_mass < 250, name
        assert 50 < one.density_kg_m3 < 3500, name
        assert one.lel_vol_pct is None or 0.5 < one.lel_vol_pct < 20, name
