"""Major hazard installations by GB 18218-2018: identified and graded as the standard's formulas say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from park.gb18218 import Chemical, Grade, alpha, assess, grade_of


def of(name: str, q_t: float, *classes: str) -> Chemical:
    """A chemical of a unit."""
    return Chemical(name=name, q_t=q_t, hazard_class=classes)


def test_worked_check_thirty_tonnes_of_chlorine_and_twenty_of_ammonia() -> None:
    found = assess((of("chlorine", 30), of("ammonia", 20)), population_500m=120)
    assert found == (8.0, 56.0, 2.0, Grade.SECOND)  # S = 30/5 + 20/10, R = 2 (4 * 6 + 2 * 2)


@pytest.mark.parametrize(
    ("name", "critical_t", "beta"),
    [
        ("ammonia", 10, 2),
        ("chlorine", 5, 4),
        ("hydrogen_chloride", 20, 3),
        ("hydrogen_fluoride", 1, 5),
        ("hydrogen_sulfide", 5, 5),
        ("sulfur_dioxide", 20, 2),
        ("nitrogen_dioxide", 1, 10),
        ("hydrogen_cyanide", 1, 10),
        ("phosgene", 0.3, 20),
        ("phosphine", 1, 20),
        ("methyl_isocyanate", 0.75, 20),
        ("ethylene_oxide", 10, 2),
        ("methyl_bromide", 10, 3),
        ("tdi", 100, 1),
        ("hydrogen", 5, 1),
        ("methane", 50, 1),
        ("benzene", 50, 1),
        ("toluene", 500, 1),
        ("methanol", 500, 1),
        ("acrylonitrile", 50, 1),
        ("oxygen", 200, 1),
        ("petrol", 200, 1),
    ],
)
def test_chemical_of_table_1_has_the_standards_figures(name: str, critical_t: float, beta: float) -> None:
    chemical = of(name, 1)
    assert (chemical.critical_t, chemical.beta) == (critical_t, beta)


@pytest.mark.parametrize(
    ("hazard_class", "critical_t", "beta"),
    [
        ("J1", 5, 4),
        ("J2", 50, 1),
        ("J3", 50, 2),
        ("J4", 50, 2),
        ("J5", 500, 1),
        ("W1.1", 1, 2),
        ("W1.2", 10, 2),
        ("W1.3", 50, 2),
        ("W2", 10, 1.5),
        ("W3", 150, 1),
        ("W4", 50, 1),
        ("W5.1", 10, 1.5),
        ("W5.2", 50, 1),
        ("W5.3", 1000, 1),
        ("W5.4", 5000, 1),
        ("W6.1", 10, 1.5),
        ("W6.2", 50, 1),
        ("W7.1", 10, 1.5),
        ("W7.2", 50, 1),
        ("W8", 50, 1),
        ("W9.1", 50, 1),
        ("W9.2", 200, 1),
        ("W10", 200, 1),
        ("W11", 200, 1),
    ],
)
def test_chemical_outside_table_1_goes_by_its_class(hazard_class: str, critical_t: float, beta: float) -> None:
    chemical = of("something", 1, hazard_class)
    assert (chemical.critical_t, chemical.beta) == (critical_t, beta)


def test_of_several_classes_the_lowest_critical_quantity_decides() -> None:
    assert of("xylene", 1, "W5.3", "W5.4").critical_t == 1000
    assert of("something", 1, "W5.4", "J2").critical_t == 50


def test_of_several_classes_the_highest_correction_factor_counts() -> None:
    assert of("something", 1, "J2", "W6.1").beta == 1.5


def test_table_1_goes_before_the_class() -> None:
    assert of("benzene", 1, "W5.4").critical_t == 50


@pytest.mark.parametrize(
    ("people", "factor"),
    [(0, 0.5), (1, 1.0), (29, 1.0), (30, 1.2), (49, 1.2), (50, 1.5), (99, 1.5), (100, 2.0), (10_000, 2.0)],
)
def test_alpha_steps_at_the_standards_numbers(people: int, factor: float) -> None:
    assert alpha(people) == factor


@pytest.mark.parametrize(
    ("r", "grade"),
    [
        (0.1, Grade.FOURTH),
        (9.999, Grade.FOURTH),
        (10.0, Grade.THIRD),
        (49.999, Grade.THIRD),
        (50.0, Grade.SECOND),
        (99.999, Grade.SECOND),
        (100.0, Grade.FIRST),
        (5000.0, Grade.FIRST),
    ],
)
def test_grade_steps_at_ten_fifty_and_a_hundred(r: float, grade: Grade) -> None:
    assert grade_of(r) is grade


def test_just_below_one_is_no_major_hazard_installation() -> None:
    assert assess((of("benzene", 49.999),), 200).grade is None
    assert assess((of("benzene", 50),), 200).grade is Grade.FOURTH


def test_binary_fractions_do_not_let_a_unit_slip_below_the_limit() -> None:
    found = assess((of("benzene", 30), of("acrylonitrile", 15), of("vinyl_chloride", 5)), 0)
    assert 30 / 50 + 15 / 50 + 5 / 50 < 1, "as plain addition has it"
    assert found.s == 1.0
    assert found.grade is Grade.FOURTH


@given(st.lists(st.floats(0.001, 1e5), min_size=1, max_size=8), st.integers(0, 500))
def test_more_of_anything_never_makes_the_grade_milder(tonnes: list[float], people: int) -> None:
    chemicals = tuple(of("chlorine", q_t) for q_t in tonnes)
    before, after = assess(chemicals, people), assess((*chemicals, of("ammonia", 1)), people)
    assert after.s >= before.s
    assert after.r >= before.r
    assert before.grade is None or (after.grade is not None and after.grade <= before.grade)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "unobtainium", "q_t": 1}, "give its hazard_class"),
        ({"name": "x", "q_t": 1, "hazard_class": ["W99"]}, "not in GB 18218-2018 Table 2; known: J1"),
        ({"name": "benzene", "q_t": 0}, "greater than 0"),
        ({"name": "benzene", "q_t": -1}, "greater than 0"),
        ({"name": "benzene", "q_t": float("inf")}, "finite"),
    ],
)
def test_chemical_that_cannot_be_reckoned_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Chemical.model_validate(wrong)
