"""What the documentation of the language shows is what the language is."""

import re
from pathlib import Path

import numpy as np
import pytest

import deploy
from park.check import load_park
from park.index import TagTable
from rules.expression.analysis import analyse
from rules.expression.functions import FUNCTIONS
from rules.expression.parse import DEEPEST, LONGEST, MOST_NODES
from rules.expression.scope import Scope

_FOLDER = Path(deploy.__file__).parent
_TEXT = (_FOLDER / "docs" / "expressions.md").read_text("utf-8")
_PARK = load_park((_FOLDER / "examples" / "small.yaml").read_text("utf-8"), "small.yaml").park
_EXAMPLES = [
    line for block in re.findall(r"```expression\n(.*?)```", _TEXT, flags=re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("example", _EXAMPLES)
def test_every_example_can_be_used_in_the_example_park(example: str) -> None:
    scope = Scope(TagTable(_PARK))
    found = analyse([example], scope, np.arange(len(scope.source_ids)), {})
    assert found.problems == [[]]
    assert found.warnings == []
    assert found.meanings


def test_there_is_a_row_for_every_function() -> None:
    rows = dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", _TEXT.split("## Functions")[1].split("##")[0], flags=re.M))
    assert rows == {function.usage: function.meaning for function in FUNCTIONS.values()}


def test_the_bounds_told_are_those_that_hold() -> None:
    assert f"{LONGEST:,} characters, {DEEPEST}\nlevels, {MOST_NODES} parts, 8 windows, 8 holds" in _TEXT
