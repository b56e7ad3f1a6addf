"""Rules held against a park: every mistake is told with its place, and what is right is not complained about."""

import time
from typing import Any

import pytest

from park.index import TagTable
from park.model import Level, Park
from park.yamlfile import FileInvalid, Problem
from rules.check import check_rules
from rules.gbt50493 import excess
from service.rules.files import RuleFile, check_files, load_rules

PARK = {
    "id": "park",
    "name": "Park",
    "sources": [
        {
            "id": "WS",
            "kind": "weather_station",
            "position": [120, 30],
            "tags": [{"id": "wind", "quantity": "wind_speed", "unit": "m/s", "span": [0, 60]}],
        }
    ],
    "enterprises": [
        {
            "id": "acme",
            "name": "Acme",
            "sources": [
                {
                    "id": "T1",
                    "kind": "tank",
                    "position": [120, 30],
                    "hazard": {"grade": 3, "population_500m": 0, "chemicals": [{"name": "chlorine", "q_t": 30}]},
                    "tags": [
                        {
                            "id": "LI",
                            "quantity": "level",
                            "unit": "%",
                            "span": [0, 100],
                            "alarms": {"H": 80},
                            "stale_after": "10s",
                        },
                        {"id": "TI", "quantity": "temperature", "unit": "°C", "span": [0, 50], "frozen_after": "1h"},
                        {"id": "XV", "quantity": "valve_state", "unit": "", "discrete": True},
                    ],
                },
                {
                    "id": "T2",
                    "kind": "tank",
                    "position": [120, 30],
                    "tags": [{"id": "LI", "quantity": "level", "unit": "m", "span": [0, 12]}],
                },
                {
                    "id": "GD",
                    "kind": "gas_detectors",
                    "position": [120, 30],
                    "tags": [
                        {
                            "id": "A1",
                            "quantity": "combustible_gas",
                            "unit": "%LEL",
                            "span": [0, 100],
                            "alarms": {"H": 30, "HH": 50},
                        },
                        {"id": "A2", "quantity": "combustible_gas", "unit": "%LEL", "alarms": {"H": 25, "HH": 50}},
                        {"id": "A3", "quantity": "hydrogen_sulfide", "unit": "ppm", "alarms": {"H": 7, "HH": 14}},
                    ],
                },
            ],
        }
    ],
}
TAGS = TagTable(Park.model_validate(PARK))
ALL = "  - {id: own, kind: limit}\n  - {id: silence, kind: stale}\n"


def found(text: str, *, whole: bool = False) -> tuple[list[Problem], list[Problem]]:
    """Errors and warnings of one file; without those about what no rule watches, unless wanted."""
    loaded = load_rules((RuleFile(name="r.yaml", text="rules:\n" + text),))
    checked = check_rules(TAGS, loaded.rules, loaded.places)
    return checked.errors, [one for one in checked.warnings if whole or "are picked by no live" not in one.message]


def only(problems: list[Problem]) -> Problem:
    (one,) = problems
    return one


def warning(text: str) -> str:
    """The only warning, as people read it."""
    errors, warnings = found(text)
    assert errors == []
    return str(only(warnings))


# -- selectors -------------------------------------------------------------------------------------------------------


def test_word_that_the_park_does_not_have_is_told_with_a_cure_where_it_stands() -> None:
    _, warnings = found("  - id: a\n    kind: limit\n    applies_to: {quantity: [level, temprature]}\n")
    assert str(only(warnings)) == (
        "r.yaml:4:36: no tag of this park has the quantity 'temprature'; did you mean 'temperature'?"
    )


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("enterprise: [acne]", "no tag of this park belongs to 'acne'"),
        ("source: [T9]", "no source of this park with tags has the id 'T9'"),
        ("tag: [acme.T1.LJ]", "no tag of this park has the id 'acme.T1.LJ'; did you mean 'acme.T1.LI'?"),
        ("source_kind: [reactor]", "no source of this park with tags is of the kind 'reactor'"),
        ("grade: [1]", "no source of this park with tags is a major hazard installation of grade 1"),
        ("but_not: [{tag: [LJ]}]", "no tag of this park has the id 'LJ'"),
    ],
)
def test_every_list_of_a_selector_is_looked_at(selector: str, told: str) -> None:
    _, warnings = found(f"  - {{id: a, kind: stale, stale_after: 5s, applies_to: {{{selector}}}}}\n")
    assert told in warnings[0].message


def test_alternatives_that_this_park_lacks_are_no_news_while_one_is_there() -> None:
    text = "  - {id: a, kind: stale, stale_after: 5s, applies_to: {quantity: [level, mercury, radon]}}\n"
    assert found(text) == ([], [])


def test_rule_that_picks_nothing_is_told_though_every_word_is_known() -> None:
    told = warning("  - {id: a, kind: limit, applies_to: {source: [T2], quantity: [temperature]}}\n")
    assert told == "r.yaml:2:26: rule a picks no tag of this park: it watches nothing"


# -- levels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("{H: 50}", "H 50 can never be raised for its tag: the span of acme.T1.TI is [0, 50] °C"),
        ("{HH: 60}", "HH 60 can never be raised"),
        ("{H: -1}", "H -1 would always stand"),
        ("{L: 0}", "L 0 can never be raised"),
        ("{LL: 50}", "LL 50 would always stand"),
    ],
)
@pytest.mark.parametrize("kind", ["kind: limit", "kind: window, window: 1h", "kind: forecast, of: mean, window: 1h"])
def test_level_that_no_value_of_the_span_reaches_is_told(kind: str, limits: str, told: str) -> None:
    assert told in warning(f"  - {{id: a, {kind}, applies_to: {{tag: [TI]}}, limits: {limits}}}\n")


def test_sum_over_a_window_may_be_larger_than_any_span() -> None:
    text = "  - {id: a, kind: window, window: 1h, aggregate: sum, applies_to: {tag: [acme.T1.TI]}, limits: {H: 5000}}\n"
    assert found(text) == ([], [])


def test_one_limit_for_tags_of_several_units_is_told_with_the_tags_it_never_fits() -> None:
    _, warnings = found("  - {id: a, kind: limit, applies_to: {quantity: [level]}, limits: {H: 80}}\n")
    assert [one.message for one in warnings] == [
        "rule a: its limits are held against tags of several units (%, m), each in its own",
        "H 80 can never be raised for 1 of 2 tags: the span of acme.T2.LI is [0, 12] m",
    ]


def test_deviation_beyond_the_width_of_the_span_can_never_be() -> None:
    text = "  - {id: a, kind: deviation, applies_to: {tag: [TI]}, own_mean: 1h, limits: {H: 20, L: -50}}\n"
    assert "L -50 can never be raised" in warning(text)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("kind: limit, applies_to: {tag: [TI, wind]}", "none of its 2 tags has limits of its own"),
        ("kind: stale, applies_to: {tag: [TI]}", "no stale_after, here or at any of its 1 tags"),
        ("kind: frozen, applies_to: {quantity: [level]}", "no hold, and none of its 2 tags has frozen_after"),
        ("kind: frozen, hold: 1h, applies_to: {tag: [XV]}", "all its tags are discrete"),
        ("kind: range, applies_to: {tag: [XV]}", "no sentinels, and none of its 1 tags has a span"),
        ("kind: forecast, of: mean, window: 1h, level: LL, applies_to: {source: [GD]}", "has a limit LL"),
        ("kind: vote, m: 2, level: L, applies_to: {source: [GD]}", "none of its 3 tags has a limit L"),
        (
            "kind: vote, m: 4, level: H, applies_to: {source: [GD]}",
            "m: 4 is more than can vote in its group",
        ),
    ],
)
def test_rule_that_has_nothing_to_watch_with_says_so(rule: str, told: str) -> None:
    assert told in warning(f"  - {{id: a, {rule}}}\n")


@pytest.mark.parametrize(
    "rule",
    [
        "kind: frozen, applies_to: {tag: [TI]}",
        "kind: range, sentinels: [-999], applies_to: {tag: [XV]}",
        "kind: vote, m: 2, level: H, applies_to: {source: [GD]}",
        "kind: rate, window: 1m, limits: {H: 500}, applies_to: {tag: [TI]}",
        "kind: quality",
    ],
)
def test_rule_that_has_is_not_complained_about(rule: str) -> None:
    assert found(f"  - {{id: a, {rule}}}\n") == ([], [])


# -- gas detectors ---------------------------------------------------------------------------------------------------


def test_set_point_of_the_park_file_above_the_standards_is_told_with_clause_and_confidence() -> None:
    told = warning("  - {id: gas, kind: limit, applies_to: {source: [GD], quantity: [combustible_gas]}}\n")
    assert told == (
        "r.yaml:2:5: acme.GD.A1 in the park file: H 30 %LEL: level 1 is at most 25 %LEL "
        "(GB/T 50493-2019, 5.5.2; confidence: secondary)"
    )


def test_limit_that_a_rule_gives_gas_detectors_is_held_against_the_standard_too() -> None:
    text = "  - {id: gas, kind: limit, applies_to: {quantity: [combustible_gas]}, limits: {H: 20, HH: 60}}\n"
    assert "HH 60 %LEL: level 2 is at most 50 %LEL" in warning(text)
    assert "acme.GD.A1, acme.GD.A2" in warning(text)


def test_what_is_no_gas_detector_is_none_of_its_business() -> None:
    assert found("  - {id: a, kind: limit, applies_to: {tag: [acme.T1.LI]}, limits: {H: 90}}\n") == ([], [])


@pytest.mark.parametrize(
    ("quantity", "unit", "level", "limit", "told"),
    [
        ("combustible_gas", "%LEL", Level.H, 25, ""),
        ("combustible_gas", "%LEL", Level.H, 25.1, "at most 25 %LEL"),
        ("combustible_gas", "%LEL", Level.HH, 50, ""),
        ("oxygen", "%", Level.H, 23.5, ""),
        ("oxygen", "%", Level.H, 23.6, "23.5 %VOL or below"),
        ("oxygen", "%", Level.L, 19.5, ""),
        ("oxygen", "%", Level.L, 19.4, "19.5 %VOL or above"),
        ("oxygen", "%", Level.LL, 18, ""),
        ("hydrogen_sulfide", "mg/m3", Level.H, 10, ""),
        ("hydrogen_sulfide", "mg/m3", Level.H, 11, "at most 100% OEL = 10 mg/m3, or 5% IDLH = 21.5 mg/m3"),
        ("hydrogen_sulfide", "mg/m3", Level.HH, 20, ""),
        ("hydrogen_sulfide", "mg/m3", Level.HH, 21, "at most 200% OEL = 20 mg/m3"),
        # 10 mg/m3 of H2S are 7.05 ppm at 20 °C.
        ("hydrogen_sulfide", "ppm", Level.H, 7, ""),
        ("hydrogen_sulfide", "ppm", Level.H, 10, "at most 100% OEL = 7.05 ppm"),
        # Its IDLH is so low that 5 % of it is below the OEL: no second figure.
        ("phosgene", "mg/m3", Level.H, 0.6, "at most 100% OEL = 0.5 mg/m3 ("),
        ("hydrogen_fluoride", "mg/m3", Level.H, 3, "at most 100% OEL = 2 mg/m3 ("),
        ("ethylene_oxide", "mg/m3", Level.H, 500, ""),
        ("chlorine", "mA", Level.H, 500, ""),
    ],
)
def test_set_points_are_held_against_the_table(quantity: str, unit: str, level: Level, limit: float, told: str) -> None:
    tag = {"id": "A", "quantity": quantity, "unit": unit}
    detectors = {"id": "GD", "kind": "gas_detectors", "position": [120, 30], "tags": [tag]}
    (info,) = TagTable(Park.model_validate({"id": "p", "name": "P", "sources": [detectors]})).infos
    said = excess(info, level, limit)
    assert told in said
    assert bool(told) == bool(said)


# -- names of other tags ---------------------------------------------------------------------------------------------


def test_name_that_leads_nowhere_is_an_error_with_a_cure() -> None:
    text = "  - id: a\n    kind: limit\n    applies_to: {tag: [acme.T1.TI]}\n    limits_from:\n      H: {tag: T1.LJ}\n"
    errors, _ = found(text)
    assert str(only(errors)) == "r.yaml:6:11: 'T1.LJ' names no tag, seen from acme.T1; did you mean 'T1.LI'?"


def test_name_that_leads_nowhere_from_some_sources_is_a_warning() -> None:
    text = "  - {id: a, kind: deviation, applies_to: {quantity: [level]}, reference: TI, limits: {H: 3}}\n"
    assert "'TI' names no tag, seen from 1 of 2 sources: acme.T2" in warning(text)


def test_tags_of_another_enterprise_cannot_be_named() -> None:
    text = "  - {id: a, kind: deviation, applies_to: {tag: [wind]}, reference: acme.T1.TI, limits: {H: 3}}\n"
    errors, _ = found(text)
    assert "names no tag, seen from park.WS" in only(errors).message


# -- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "line", "column"),
    [
        ("'LI > 80 and TJ > 3'", 5, 24),
        ('"LI > 80 and TJ > 3"', 5, 24),
        ("LI > 80 and TJ > 3", 5, 23),
        ("|\n      LI > 80\n      and TJ > 3\n", 7, 11),
        # Folded: where it stood cannot be told, so the beginning.
        (">\n      LI > 80\n      and TJ > 3\n", 5, 11),
    ],
)
def test_what_is_wrong_in_a_condition_is_told_at_its_column(when: str, line: int, column: int) -> None:
    errors, _ = found(f"  - id: a\n    kind: expression\n    applies_to: {{source: [T1]}}\n    when: {when}\n")
    assert [(one.line, one.column) for one in errors] == [(line, column)]
    assert "TJ" in errors[0].message


def test_both_conditions_of_a_sequence_are_looked_at() -> None:
    text = (
        "  - id: a\n    kind: sequence\n    applies_to: {source: [T1]}\n    within: 5m\n"
        "    first: LJ > 3\n    then: TJ > 5\n"
    )
    errors, _ = found(text)
    assert [(one.line, one.column) for one in errors] == [(6, 12), (7, 11)]


def test_name_that_is_not_used_is_a_warning() -> None:
    text = "  - {id: a, kind: expression, applies_to: {source: [T1]}, when: LI > 80, names: {w: park.WS.wind}}\n"
    assert "names: w is not used" in warning(text)


# -- the whole -------------------------------------------------------------------------------------------------------


def test_limits_and_silence_that_no_rule_watches_are_told_once() -> None:
    _, warnings = found("  - {id: a, kind: limit, applies_to: {source: [GD], tag: [A2]}}\n", whole=True)
    assert [str(one) for one in warnings] == [
        "r.yaml:1:1: 3 of 4 tags that have limits of their own are picked by no live limit rule, acme.T1.LI for one",
        "r.yaml:1:1: 1 of 1 tags that have a stale_after are picked by no live stale rule, acme.T1.LI for one",
    ]


def test_rule_that_waits_for_its_confirmation_watches_nothing_yet() -> None:
    _, warnings = found(ALL.replace("kind: limit", "kind: limit, confidence: secondary"), whole=True)
    assert any("4 of 4 tags that have limits of their own" in one.message for one in warnings)


def test_everything_wrong_in_all_files_is_told_at_once() -> None:
    files = (
        RuleFile(name="a.yaml", text="rules:\n  - {id: a, kind: limt}\n  - {id: b, kind: stale, stale_after: 5}\n"),
        RuleFile(name="b.yaml", text="rules: [\n"),
        RuleFile(name="c.yaml", text="rules:\n  - {id: c, kind: limit}\n"),
        RuleFile(name="d.yaml", text="rules:\n  - {id: c, kind: stale}\n"),
    )
    with pytest.raises(FileInvalid) as refused:
        check_files(TAGS, files)
    places = [(one.file, one.line) for one in refused.value.problems]
    assert places == [("a.yaml", 2), ("a.yaml", 3), ("b.yaml", 2), ("d.yaml", 2)]
    assert "c.yaml:2:6 has it, too" in refused.value.problems[-1].message


def test_default_rules_are_named_for_they_stand_in_no_file() -> None:
    loaded = load_rules(())
    checked = check_rules(TAGS, loaded.rules, loaded.places)
    assert checked.errors == []
    assert [str(one).partition(":")[0] for one in checked.warnings] == ["rule tag-limits"]


@pytest.mark.bench
def test_checking_5000_rules_against_100k_tags_takes_seconds() -> None:
    tank: Any = lambda s: {  # noqa: E731
        "id": f"T{s}",
        "kind": "tank",
        "position": [120, 30],
        "tags": [{"id": f"t{t}", "quantity": "level", "unit": "%", "span": [0, 100]} for t in range(100)],
    }
    tags = TagTable(
        Park.model_validate(
            {
                "id": "p",
                "name": "P",
                "enterprises": [{"id": "e", "name": "E", "sources": [tank(s) for s in range(1_000)]}],
            }
        )
    )
    lines = [
        f"  - {{id: r{i}, kind: limit, applies_to: {{source: [T{i % 1000}]}}, limits: {{H: {80 + i % 40}}}}}\n"
        for i in range(5_000)
    ]
    loaded = load_rules((RuleFile(name="r.yaml", text="rules:\n" + "".join(lines)),))
    began_s = time.process_time()
    checked = check_rules(tags, loaded.rules, loaded.places)
    assert checked.errors == []
    assert len([one for one in checked.warnings if "can never be raised" in one.message]) == 2_500
    assert time.process_time() - began_s < 5.0
