"""The rule packs that are shipped: they fit the parks that are shipped, and nothing doubtful in them is live."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from park.check import load_park
from park.index import TagTable
from rules.spec import AnyRule, LimitRule
from service.rules.active import Status, standings
from service.rules.compiled import compile_rules
from service.rules.files import check_files, load_rules, read_rule_files
from service.rules.versions import Confirmation, first_version, rule_sha256
from simulators.park_maker import make_park

_DEPLOY = Path(__file__).parents[3] / "deploy"
_PACKS = _DEPLOY / "rules"
_DAY = date(2026, 11, 22)
_FILES = read_rule_files([_PACKS])
_RULES = load_rules(_FILES).rules.rules
_CHINESE = re.compile("[\u4e00-\u9fff]{4}")


def small() -> TagTable:
    file = _DEPLOY / "examples" / "small.yaml"
    return TagTable(load_park(file.read_text("utf-8"), str(file)).park)


def made() -> TagTable:
    return TagTable(make_park(20, 3_000, 1))


@pytest.mark.parametrize("park", [small, made])
def test_packs_have_no_error_in_a_park(park: Callable[[], TagTable]) -> None:
    warnings = [one.message for one in check_files(park(), _FILES).warnings]
    assert not [one for one in warnings if "can never be raised" in one or "would always stand" in one]


@pytest.mark.parametrize("park", [small, made])
def test_every_limit_of_a_park_is_watched_by_one_live_rule(park: Callable[[], TagTable]) -> None:
    tags = park()
    live = [one.rule for one in standings(_RULES, (), _DAY) if one.is_live]
    watching = Counter(
        info.id
        for rule in live
        if isinstance(rule, LimitRule)
        for info in rule.applies_to.pick(tags)
        if info.tag.alarms
    )
    assert watching == {info.id: 1 for info in tags.infos if info.tag.alarms}


def test_nothing_whose_numbers_are_doubtful_is_live() -> None:
    doubtful = {rule.id for rule in _RULES if rule.confidence in ("secondary", "unverified")}
    assert {"gas-combustible-2oo3", "hazard-temperature-rate"} <= doubtful
    found = {one.rule.id: one.status for one in standings(_RULES, (), _DAY)}
    assert {rule for rule, status in found.items() if status is Status.UNCONFIRMED} == doubtful


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.id)
def test_every_rule_says_whence_it_is_and_what_to_do(rule: AnyRule) -> None:
    assert rule.name
    assert rule.standard
    assert rule.clause
    assert rule.valid_from is not None
    assert _CHINESE.search(rule.guidance)


@pytest.mark.parametrize("park", [small, made])
def test_every_rule_can_be_evaluated_once_it_is_confirmed(park: Callable[[], TagTable]) -> None:
    given = tuple(Confirmation(rule=rule.id, sha256=rule_sha256(rule), by="Li Wei") for rule in _RULES)
    version = structs.replace(first_version(_FILES).version, confirmations=given)
    compiled = compile_rules(park(), version, _DAY)
    assert compiled.broken == {}
    assert len(compiled.engine.rules.rules) == len(_RULES)
