"""The section ``emissions`` says what is wrong with it; what it says is what outlets are judged by."""

import pytest
from pydantic import ValidationError

from park.check import load_park
from park.index import TagTable
from rules.emissions.limits import LimitBook
from service.judge.config import Emissions
from service.judge.sources import judged_sources

_PARK = """\
id: park
name: Park
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: stack
        kind: waste_gas_outlet
        position: [120.87, 30.15]
        outlet: {reference_oxygen: 3, validity: %s}
        tags: [{id: so2, quantity: sulfur_dioxide, unit: mg/m3}, {id: o2, quantity: oxygen, unit: "%%"}]
"""


def _tags(validity: str) -> TagTable:
    return TagTable(load_park(_PARK % validity, "park.yaml").park)


def test_a_reference_oxygen_is_no_matter_of_the_configuration() -> None:
    with pytest.raises(ValidationError, match="the reference is that of the limit or the outlet"):
        Emissions.model_validate({"oxygen": {"reference_percent": 3}})


def test_the_guard_of_oxygen_holds_for_every_conversion() -> None:
    config = Emissions.model_validate({"oxygen": {"oxygen_below": 19, "beyond": "cap"}})
    tags = _tags("flue_gas")
    (source,) = judged_sources(tags, LimitBook(tags.park, []), config)
    rule = source.tags[0].oxygen_rule(0, source.outlet)
    assert (rule.reference_percent, rule.oxygen_below, rule.beyond) == (3, 19, "cap")


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do() -> None:
    tags = _tags("strict_gas")
    with pytest.raises(ValueError, match=r"acme\.stack: validity 'strict_gas'.*flue_gas.*emissions\.validity"):
        judged_sources(tags, LimitBook(tags.park, []), Emissions())


def test_a_site_may_have_a_preset_of_its_own() -> None:
    tags = _tags("strict_gas")
    config = Emissions.model_validate({"validity": {"strict_gas": {"like": "flue_gas", "valid_minutes": 50}}})
    (source,) = judged_sources(tags, LimitBook(tags.park, []), config)
    assert source.tags[0].validity.valid_minutes == 50


def test_a_wrong_preset_names_itself() -> None:
    with pytest.raises(ValidationError, match="strict"):
        Emissions.model_validate({"validity": {"strict": {"valid_minutes": 50}}})
