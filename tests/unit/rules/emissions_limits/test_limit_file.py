"""A pack's rows take what their table and pack say; what is wrong in a pack is told with its line."""

from datetime import date

import pytest

from park.yamlfile import FileInvalid
from rules.emissions.limit_file import load_pack, load_packs
from tests.unit.rules.emissions_limits.making import PACK, pack, pack_but


def test_rows_take_what_table_and_pack_say() -> None:
    nmhc, so2, special = pack().rows
    assert nmhc.id == "GB 1-2015/table-1/nmhc/hour"
    assert so2.id == "GB 1-2015/table-1/sulfur_dioxide/hour/heater"
    assert (nmhc.standard, nmhc.version, nmhc.title) == ("GB 1-2015", "2015", "试验标准")
    assert (nmhc.clause, nmhc.medium, nmhc.basis, nmhc.unit) == ("表1", "stack", "hour", "mg/m3")
    assert (nmhc.limit, nmhc.lower, nmhc.o2_reference) == (100, None, 3)
    assert (nmhc.basis_confidence, special.basis_confidence) == ("inferred", "read")
    assert (nmhc.special, special.special, special.o2_reference) == (False, True, None)
    assert so2.when == {"heater"}
    assert (nmhc.valid_from, nmhc.valid_to) == (date(2015, 7, 1), None)
    assert nmhc.dates_confidence == "read", "as sure as the limit, where nothing else is said"


def test_what_is_nearer_to_the_row_counts() -> None:
    changes = (
        "- {quantity: nmhc, limit: 100}",
        "- {quantity: nmhc, limit: 0.1, unit: g/m3, clause: 表1注, confidence: secondary, source: a page, note: n}",
    )
    row = pack(changes).rows[0]
    assert (row.unit, row.clause, row.confidence, row.source, row.note) == ("g/m3", "表1注", "secondary", "a page", "n")
    assert row.basis_confidence == "inferred"


def test_conditions_of_table_and_row_add_up() -> None:
    row = pack(("    o2_reference: 3", "    o2_reference: 3\n    when: [combustion]")).rows[1]
    assert row.when == {"combustion", "heater"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("quantity: nmhc, limit: 100", "quantity: nmhx, limit: 100", "'nmhx' is no word of our vocabulary"),
        ("quantity: nmhc, limit: 100", "quantity: nmhc, limit: 100, lower: 100", "lower 100 is not below limit 100"),
        ("quantity: nmhc, limit: 100", "quantity: nmhc, limit: .nan", "finite number"),
        ("quantity: nmhc, limit: 100", "quantity: nmhc, limit: 100, stack_height_m: 15", "is for rates (kg/h)"),
        ("quantity: nmhc, limit: 100", "quantity: nmhc, limit: 100, valid_to: 2014-01-01", "is after valid_to"),
        ("when: [heater]", "when: [kiln]", "the condition 'kiln' is not explained; add it to conditions"),
        ("source: text of GB 1-2015\n", "", "source of nmhc is given neither here, nor by the table or the pack"),
        ("valid_from: 2015-07-01\n", "", "valid_from of nmhc is given neither here"),
        ("confidence: read\n", "", "confidence of nmhc is given neither here"),
        ("confidence: read\n", "confidence: sure\n", "'read', 'secondary' or 'unverified'"),
        ("unit: mg/m3", "unit: mg/m4x", "is not a known unit"),
        ("standard: GB 1-2015", "standard: GB 1", "must be a standard with its year"),
        ("table: table-1", "table: T1", "should match pattern"),
        ("medium: stack\n    special: false", "medium: chimney\n    special: false", "'stack', 'water'"),
        ("{quantity: sulfur_dioxide, limit: 80, when: [heater]}", "{quantity: nmhc, limit: 80}", "two rows are GB 1"),
    ],
)
def test_fault_is_told_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(FileInvalid, match=r"pack\.yaml:\d+:\d+: ") as caught:
        load_pack(pack_but((old, new)), "pack.yaml")
    assert any(message in one.message for one in caught.value.problems)


def test_fault_of_a_row_is_told_at_the_row() -> None:
    text = pack_but(("quantity: sulfur_dioxide", "quantity: so3"))
    with pytest.raises(FileInvalid) as caught:
        load_pack(text, "pack.yaml")
    (problem,) = caught.value.problems
    assert problem.line == text[: text.index("so3")].count("\n") + 1


def test_two_packs_of_one_standard_are_refused() -> None:
    with pytest.raises(FileInvalid, match=r"b\.yaml:1:1: a\.yaml gives limits of GB 1-2015 too; keep one"):
        load_packs([("a.yaml", PACK), ("b.yaml", PACK)])


def test_problems_of_all_packs_are_told_at_once() -> None:
    wrong = PACK.replace("confidence: read", "confidence: sure")
    with pytest.raises(FileInvalid) as caught:
        load_packs([("a.yaml", wrong), ("b.yaml", PACK.replace("GB 1-2015\n", "GB\n", 1))])
    assert {one.file for one in caught.value.problems} == {"a.yaml", "b.yaml"}
