"""Rules as data: what a rule file may say, and which tags it means."""

from typing import Any

import pytest
from pydantic import ValidationError

from park.index import TagTable
from park.model import Level, Park
from rules.spec import LimitRule, RuleSet, Selector, StaleRule, default_rules


def _tag(tag_id: str, quantity: str) -> dict[str, Any]:
    return {"id": tag_id, "quantity": quantity, "unit": "%"}


_HAZARD = {"grade": 2, "population_500m": 30, "chemicals": [{"name": "chlorine", "q_t": 20}]}
TABLE = TagTable(
    Park.model_validate(
        {
            "id": "park",
            "name": "Park",
            "sources": [
                {"id": "wx", "kind": "weather_station", "position": [120, 30], "tags": [_tag("rh", "humidity")]}
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
                            "hazard": _HAZARD,
                            "tags": [_tag("LT", "level"), _tag("TT", "temperature")],
                        },
                        {"id": "R1", "kind": "reactor", "position": [120, 30], "tags": [_tag("LT", "level")]},
                    ],
                }
            ],
        }
    )
)


@pytest.mark.parametrize(
    ("selector", "tags"),
    [
        ({}, ["park.wx.rh", "acme.T1.LT", "acme.T1.TT", "acme.R1.LT"]),
        ({"quantity": ["level"]}, ["acme.T1.LT", "acme.R1.LT"]),
        ({"source_kind": ["tank", "weather_station"]}, ["park.wx.rh", "acme.T1.LT", "acme.T1.TT"]),
        ({"enterprise": ["park"]}, ["park.wx.rh"]),
        ({"source": ["R1"]}, ["acme.R1.LT"]),
        ({"source": ["acme.T1"], "quantity": ["level"]}, ["acme.T1.LT"]),
        ({"tag": ["LT"]}, ["acme.T1.LT", "acme.R1.LT"]),
        ({"tag": ["acme.R1.LT", "rh"]}, ["park.wx.rh", "acme.R1.LT"]),
        ({"grade": [1, 2]}, ["acme.T1.LT", "acme.T1.TT"]),
        ({"grade": [3]}, []),
    ],
)
def test_a_selector_means_the_tags_that_fit_every_list(selector: dict[str, Any], tags: list[str]) -> None:
    assert [info.id for info in Selector.model_validate(selector).pick(TABLE)] == tags


def test_a_rule_reaches_no_further_than_its_selector() -> None:
    rule = LimitRule(id="x", applies_to=Selector(enterprise=("nobody",)))
    assert rule.applies_to.pick(TABLE) == []


def test_priorities_not_given_keep_their_defaults() -> None:
    rule = LimitRule.model_validate({"id": "x", "priority": {"H": 1}})
    assert rule.priority == {Level.HH: 1, Level.LL: 1, Level.H: 1, Level.L: 2}


def test_without_a_rule_file_every_tag_has_its_own_limits_and_timeout() -> None:
    limits, silence = default_rules().rules
    assert isinstance(limits, LimitRule)
    assert isinstance(silence, StaleRule)
    assert (limits.id, silence.id) == ("tag-limits", "tag-stale")
    assert limits.limits is None
    assert len(limits.applies_to.pick(TABLE)) == len(silence.applies_to.pick(TABLE)) == len(TABLE)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        pytest.param({"kind": "limit", "id": "x", "limts": {}}, "limts", id="an unknown key"),
        pytest.param({"kind": "limit", "id": "x", "applies_to": {"tags": []}}, "tags", id="an unknown selector"),
        pytest.param({"kind": "limit", "id": "x", "applies_to": {"tag": []}}, "at least 1", id="an empty list"),
        pytest.param({"kind": "limit", "id": "a|b"}, "pattern", id="an id that would blur identities"),
        pytest.param({"kind": "limit", "id": "x", "priority": {"H": 9}}, "less than or equal", id="a wild priority"),
        pytest.param({"kind": "limit", "id": "x", "limits": {"H": 9, "HH": 8}}, "rise", id="limits out of order"),
        pytest.param({"kind": "limit", "id": "x", "uncertain": "ignore"}, "evaluate", id="a third way"),
        pytest.param({"kind": "stale", "id": "x", "stale_after": 30}, "unit", id="a duration without unit"),
        pytest.param({"kind": "stale", "id": "x", "stale_after": "0s"}, "greater than 0", id="no timeout at all"),
        pytest.param({"kind": "lim", "id": "x"}, "kind", id="an unknown kind"),
        pytest.param({"id": "x"}, "kind", id="no kind"),
    ],
)
def test_a_rule_is_refused_for(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RuleSet.model_validate({"rules": [rule]})


def test_two_rules_of_one_id_are_refused() -> None:
    rule = {"kind": "limit", "id": "x"}
    with pytest.raises(ValidationError, match="two rules have the id 'x'"):
        RuleSet.model_validate({"rules": [rule, rule]})


def test_a_rule_is_found_by_its_id() -> None:
    rules = default_rules()
    assert rules.by_id("tag-stale") is rules.rules[1]
    assert rules.by_id("none") is None
