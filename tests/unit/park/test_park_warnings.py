"""What is odd about a valid park file is told with its line, and the file is used all the same."""

import pytest

from tests.unit.park.parks import but, line_of, warnings_of


def test_declared_grade_that_disagrees_with_the_computed_one_is_told_with_the_figures() -> None:
    text = but("q_t: 100", "q_t: 3000", ("population_500m: 0", "population_500m: 100"))
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, 'grade: 4')}:")
    assert "acme" not in told
    assert "tank-1 is declared grade 4, but GB 18218-2018 gives S = 60, R = 120: grade 1" in told


def test_hazard_that_is_none_by_the_standard_is_told() -> None:
    text = but("q_t: 100", "q_t: 10")
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, 'hazard:')}:")
    assert "S = 0.2, R = 0.1: S < 1, no major hazard installation" in told


@pytest.mark.parametrize(
    ("old", "new", "fate"),
    [
        (
            "HH: {limit: 90,",
            "HH: {limit: 100,",
            "HH 100 is not inside the span [0, 100] %: this alarm can never be raised",
        ),
        ("HH: {limit: 90,", "HH: {limit: 150,", "this alarm can never be raised"),
        ("H: 80", "H: -5", "H -5 is not inside the span [0, 100] %: this alarm would always stand"),
        ("H: 80", "L: 0", "L 0 is not inside the span [0, 100] %: this alarm can never be raised"),
    ],
)
def test_limit_outside_the_span_is_told_with_what_comes_of_it(old: str, new: str, fate: str) -> None:
    text = but(old, new)
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, new)}:")
    assert fate in told


def test_low_limit_above_the_span_would_always_stand() -> None:
    text = but("              H: 80\n              HH: {limit: 90, on_delay: 5s}\n", "              L: 120\n")
    assert "this alarm would always stand" in warnings_of(text)[0]


def test_limits_without_stale_after_are_told() -> None:
    text = but("            stale_after: 10s\n", "")
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, 'id: LT-101')}:")
    assert "LT-101 has alarm limits but no stale_after: its silence would go unnoticed" in told


def test_tag_without_limits_needs_no_stale_after() -> None:
    assert warnings_of(but("unit: ℃", "unit: K")) == []


def test_tag_from_nowhere_is_told() -> None:
    text = but("            from: {connector: cems, address: a21003}\n", "")
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, 'NO')}:")
    assert "tag 'NO' says not where it comes from; add from:" in told


def test_tags_that_inherit_one_address_are_told() -> None:
    text = but("device: plc-1}", "device: plc-1, address: ns=2;s=X}")
    (told,) = warnings_of(text)
    assert told.startswith(f"park.yaml:{line_of(text, 'id: TT-101')}:")
    assert "tag 'TT-101' reads the same address as 'LT-101'" in told


def test_shared_sources_are_looked_at_too() -> None:
    text = but("    from: {connector: stations}\n", "")
    assert "tag 'wind-speed' says not where it comes from" in warnings_of(text)[0]


def test_all_oddities_are_told_at_once() -> None:
    text = but("q_t: 100", "q_t: 10", ("    from: {connector: stations}\n", ""), ("            stale_after: 10s\n", ""))
    assert len(warnings_of(text)) == 3
