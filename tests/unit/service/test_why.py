"""Sentences of the record, read in Chinese; the page's own reading is held against the same examples (why.test.ts)."""

import json
import re
from pathlib import Path

import pytest

from deploy.pictures.scene import Scene
from deploy.pictures.scenes import scenes
from service.why import in_chinese

EXAMPLES = json.loads((Path(__file__).parent / "why_examples.json").read_text("utf-8"))
FORMULAS = {"expression", "sequence"}
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(("english", "chinese"), EXAMPLES)
def test_a_sentence_is_read_in_chinese(english: str, chinese: str) -> None:
    assert in_chinese(english) == chinese


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: str(scene.name))
def test_every_kind_of_rule_speaks_so_that_it_can_be_read_in_chinese(scene: Scene) -> None:
    """Whoever changes a sentence of the engine is told here that ``why.zh.json`` has to follow."""
    told = {one.why for one in scene.told()}
    assert told
    # Conditions in words are shown as they were written: they are formulas.
    unread = [one for one in told if not CHINESE.search(in_chinese(one)) and scene.rule["kind"] not in FORMULAS]
    assert unread == []


def test_what_people_wrote_stays_as_it_is() -> None:
    assert in_chinese("阀门已更换; 液位恢复") == "阀门已更换;液位恢复"
    assert in_chinese("") == ""
