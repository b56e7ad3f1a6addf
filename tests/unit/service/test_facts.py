"""Whose an alarm is, and how urgent, follows from park and rules."""

from park.index import TagTable
from rules.spec import ExpressionRule, LimitRule, RuleSet, StaleRule, VoteRule
from service.alerts.asked import Facts
from service.facts import lookup
from tests.unit.service.making import PARK_YAML, tag_table
from tests.unit.service.plant import LOOKUP

RULES = RuleSet(
    rules=(
        LimitRule.model_validate({"id": "limits", "priority": {"H": 3}}),
        StaleRule(id="stale"),
        ExpressionRule(id="dry", when="LT < 5 %", priority=2),
        VoteRule(id="two-of-three", m=2, limit=10.0),
    )
)


def facts(rule: str, target: str, level: str = "", tags: TagTable | None = None) -> Facts:
    return lookup(tags or tag_table(), RULES)(rule, target, level)


def test_alarm_of_a_tag_belongs_to_its_enterprise_and_source() -> None:
    assert facts("limits", "acme.tank.LT", "HH") == Facts(
        priority=1, enterprise="acme", source="acme.tank", unit="%", kind="limit"
    )
    assert facts("limits", "zeta.outlet.NO", "H").priority == 3, "as the rule says"


def test_alarm_of_a_shared_tag_belongs_to_the_park() -> None:
    found = facts("stale", "park.weather.wind")
    assert (found.enterprise, found.source, found.priority) == ("park", "park.weather", 3)


def test_alarm_of_a_device_belongs_to_the_one_enterprise_whose_tags_it_brings() -> None:
    assert facts("stale", "dcs/plc") == Facts(priority=3, enterprise="acme", source="", unit="", kind="stale")


def test_alarm_of_a_device_that_several_share_belongs_to_none_of_them() -> None:
    tags = tag_table(text=PARK_YAML.replace("from: {connector: dcs}", "from: {connector: dcs, device: plc}"))
    assert facts("stale", "dcs/plc", tags=tags).enterprise == "", "neither may learn of the other's silence"


def test_alarm_about_the_service_itself_is_urgent_and_nobodys() -> None:
    assert facts("service", "service/journal") == Facts(priority=1, enterprise="", source="", unit="", kind="service")


def test_alarm_of_a_rule_or_tag_that_is_gone_still_has_facts() -> None:
    assert facts("old-rule", "acme.tank.gone", "H").priority == 1


def test_alarm_of_a_source_as_a_whole_belongs_to_its_enterprise() -> None:
    assert facts("dry", "acme.tank") == Facts(
        priority=2, enterprise="acme", source="acme.tank", unit="", kind="expression"
    )
    assert facts("two-of-three", "park.weather") == Facts(
        priority=1, enterprise="park", source="park.weather", unit="", kind="vote"
    )


def test_alarm_of_an_enterprise_as_a_whole_has_no_source() -> None:
    assert facts("two-of-three", "acme") == Facts(priority=1, enterprise="acme", source="", unit="", kind="vote")


def test_law_looks_after_hazard_sources_and_the_gas_detectors_of_their_enterprise() -> None:
    assert [LOOKUP("limits", one, "H").hazard for one in ("acme.T1.level", "acme.T2.level", "acme.GD.ga-1")] == [
        *(True, False, True),
    ]
    assert not LOOKUP("limits", "zeta.gas.ga-1", "H").hazard, "zeta has no hazard source"


def test_gas_is_what_gas_detectors_measure_and_what_is_gas_by_name() -> None:
    assert [LOOKUP("limits", one, "H").gas for one in ("acme.GD.ga-1", "zeta.gas.ga-1", "acme.T1.temp")] == [
        *(True, True, False),
    ]
    vote = LOOKUP("vote", "acme.GD", "")
    assert (vote.kind, vote.gas, vote.hazard, vote.source) == ("vote", True, True, "acme.GD")


def test_rule_that_latches_says_so_and_the_books_own_rules_are_known() -> None:
    assert (LOOKUP("latched", "acme.T2.level", "H").latch, LOOKUP("limits", "acme.T2.level", "H").latch) == (
        True,
        False,
    )
    order = LOOKUP("stop-work", "acme.T1", "")
    assert (order.kind, order.priority, order.enterprise, order.source) == ("stop-work", 1, "acme", "acme.T1")
