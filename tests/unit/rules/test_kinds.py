"""The table of kinds, and what every kind promises."""

import ast
import pkgutil
from pathlib import Path
from typing import Any, get_args

import pytest

import rules
from rules import kinds
from rules.engine import Engine
from rules.kinds import KINDS
from rules.spec import Rule, RuleSet
from tests.unit.rules.stories import SECOND, START_US, table_of, tag_of

RULES_FOLDER = Path(rules.__file__).parent


def test_every_kind_is_registered_under_its_own_name() -> None:
    assert {module.name for module in pkgutil.iter_modules(kinds.__path__)} == set(KINDS)


def test_every_kind_of_rule_can_be_evaluated_and_the_other_way_round() -> None:
    models = get_args(get_args(Rule)[0])
    assert {model.model_fields["kind"].default for model in models} == set(KINDS)


#: What a rule cannot do without.
_NEEDED: dict[str, dict[str, Any]] = {
    "rate": {"window": "1m", "limits": {"H": 1}},
    "deviation": {"own_mean": "1h", "sigma": 3},
    "vote": {"m": 2, "level": "H"},
    "window": {"window": "1h", "limits": {"H": 1}},
    "expression": {"when": "level > 1"},
    "sequence": {"first": "level > 1", "then": "level > 2", "within": "1m"},
    "forecast": {"of": "mean", "window": "1h", "limits": {"H": 1}},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_rule_without_tags_says_nothing(kind: str) -> None:
    rule = {"kind": kind, "id": "x", "applies_to": {"tag": ["none"]}, **_NEEDED.get(kind, {})}
    rule_set = RuleSet.model_validate({"rules": [rule]})
    engine = Engine(table_of(tag_of(limits={"H": 1}, stale_after="1s")), rule_set)
    assert engine.advance(START_US) == engine.advance(START_US + 3600 * SECOND) == []
    restored = Engine(engine.tags, rule_set)
    restored.restore(engine.snapshot())
    assert restored.advance(START_US) == []


@pytest.mark.parametrize("path", sorted(RULES_FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_in_rules_knows_a_clock_or_chance(path: Path) -> None:
    # A rule's days of validity are dates; the day comes from outside.
    tree = ast.parse(path.read_text("utf-8").replace("from datetime import date\n", ""))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"time", "datetime", "random", "secrets", "pickle", "os", "threading", "asyncio"}


#: Text to tree: what it means the oracles work out by themselves.
_PARSER = {"rules.expression.parse", "rules.expression.problems", "rules.expression"}


@pytest.mark.parametrize("path", sorted((RULES_FOLDER / "oracles").glob("*.py")), ids=lambda path: path.stem)
def test_the_oracles_share_no_evaluation_code_with_the_engine(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in modules if module.startswith("rules.") and not module.startswith("rules.oracles.")}
    assert ours <= {"rules.spec", "rules.transition", "rules.refs", *_PARSER}
    assert "numpy" not in modules
