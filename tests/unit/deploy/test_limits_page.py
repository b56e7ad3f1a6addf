"""The page about limits: its examples can be used as they stand, and it names every field and every pack."""

from pathlib import Path
from typing import Any

from park.check import load_park
from park.outlet import Outlet
from park.yamlfile import Document
from rules.emissions.limit_file import PackRow, PackTable, load_pack
from rules.emissions.limits import LimitBook
from service.judge.config import Emissions
from tests.unit.rules.emissions_limits.making import at, shipped

_PAGE = (Path(__file__).parents[3] / "deploy/docs/limits.md").read_text("utf-8")
_OUTLET, _PACK, _CONFIG = (part.partition("```")[0] for part in _PAGE.split("```yaml\n")[1:])


def _outlet() -> Any:
    head = "id: park\nname: P\nenterprises:\n  - id: acme\n    name: A\n    sources:\n"
    return load_park(head + "".join(f"      {line}\n" for line in _OUTLET.splitlines()), "limits.md")


def test_outlet_of_the_page_is_valid_and_has_the_limits_it_seems_to_have() -> None:
    checked = _outlet()
    assert [one.message for one in checked.warnings if "DA002" in one.message] == []
    spans = LimitBook(checked.park, shipped()).lookup("acme.DA002.nox", "hour")
    found = spans.at(at("2026-11-22T00:00:00+08:00"))
    assert found is not None
    assert (found.limit, found.permit, found.o2_reference) == (80, "9133-001P", 3)
    assert found.overrides is not None
    assert found.overrides.limit == 100


def test_pack_of_the_page_is_the_beginning_of_the_one_that_is_shipped() -> None:
    (row,) = load_pack(_PACK, "limits.md").rows
    (same,) = [one for pack in shipped() for one in pack.rows if one.id == row.id]
    assert row == same


def test_confirmation_of_the_page_activates_its_row() -> None:
    data: Any = Document(_CONFIG, "limits.md").data
    emissions = Emissions.model_validate(data["emissions"])
    given = [one.confirmation() for one in emissions.confirmed]
    book = LimitBook(_outlet().park, shipped(), given)
    waiting = [row.id for row in book.rows if row.confidence != "read" and book.is_active(row)]
    assert waiting == [given[0].row]


def test_every_field_and_every_pack_is_on_the_page() -> None:
    fields = {*Outlet.model_fields, *PackRow.model_fields, *PackTable.model_fields}
    assert [one for one in sorted(fields) if f"`{one}`" not in _PAGE and f"{one}:" not in _PAGE] == []
    assert [pack.standard for pack in shipped() if pack.standard not in _PAGE] == []
