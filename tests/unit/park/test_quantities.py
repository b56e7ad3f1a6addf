"""The vocabulary of measured quantities: every word is one, and no code stands for two."""

import re
from collections import Counter
from pathlib import Path

import pytest

from park.check import load_park
from park.quantities import QUANTITIES, is_pollutant, name_of, word_of_code

_SMALL = Path(__file__).parents[3] / "deploy/examples/small.yaml"


def test_every_word_can_stand_in_a_park_file_and_has_a_chinese_name() -> None:
    assert len(QUANTITIES) > 90
    for one in QUANTITIES.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9_]*", one.word)
        assert re.search("[\u4e00-\u9fff]", one.name)


def test_no_code_and_no_name_stands_for_two() -> None:
    codes = Counter(code for one in QUANTITIES.values() for code in one.codes)
    names = Counter(one.name for one in QUANTITIES.values())
    assert [one for one, count in (codes + names).items() if count > 1] == []
    assert all(re.fullmatch(r"[aw]\d{5}", code) for code in codes)


@pytest.mark.parametrize(
    ("code", "word"), [("a24088", "nmhc"), ("w01018", "cod"), ("a21026", "sulfur_dioxide"), ("a99999", None)]
)
def test_code_is_looked_up(code: str, word: str | None) -> None:
    assert word_of_code(code) == word


def test_conditions_are_no_pollutants_and_unknown_words_neither() -> None:
    assert is_pollutant("benzene")
    assert not is_pollutant("oxygen")
    assert not is_pollutant("valve_state")
    assert (name_of("benzene"), name_of("valve_state")) == ("苯", "valve_state")


def test_demo_park_measures_its_outlets_in_these_words() -> None:
    park = load_park(_SMALL.read_text("utf-8"), "small.yaml").park
    measured = {tag.quantity for _, source, tag in park.tags() if source.judged_as is not None}
    assert measured
    assert measured <= set(QUANTITIES)
