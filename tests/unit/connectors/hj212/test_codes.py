"""The tables of codes and words."""

import csv
import re
from pathlib import Path

import pytest

import connectors.hj212
from connectors.hj212.codes import codes, find, modern
from connectors.hj212.deviations import DEVIATIONS
from connectors.hj212.words import FLAGS
from park.quality import HJ212_FLAGS

_OTHERS = Path(__file__).parents[5] / "shared" / "data" / "hj212_codes.csv"


def test_every_code_of_annex_b_has_a_name_and_a_unit() -> None:
    assert len(codes()) == 184
    for code, one in codes().items():
        assert re.fullmatch(r"[aw][0-9]{5}", code)
        assert one.code == code
        assert one.name
        assert one.unit


def test_an_old_code_means_one_thing_within_its_medium() -> None:
    old = [(one.code[0], one.code_2005) for one in codes().values() if one.code_2005]
    assert len(set(old)) == len(old)


@pytest.mark.parametrize(
    ("st", "old", "new"),
    [
        ("32", "011", "w01018"),
        ("32", "060", "w21003"),
        ("32", "B01", "w00000"),
        ("31", "02", "a21026"),
        ("31", "S01", "a19001"),
        ("31", "11", "a21022"),
        ("31", "011", None),
        ("32", "02", None),
        ("23", "02", None),
    ],
)
def test_old_codes_have_their_new_ones(st: str, old: str, new: str | None) -> None:
    assert modern(st, old) == new


def test_a_code_is_found_by_either_name() -> None:
    by_old, by_new = find("32", "011"), find("31", "w01018")
    assert by_old == by_new
    assert by_old is not None
    assert by_old.name == "化学需氧量"
    assert find("32", "w99999") is None


@pytest.mark.skipif(not _OTHERS.is_file(), reason="the other table is not on this machine")
def test_our_table_agrees_with_the_one_made_from_the_standard_independently() -> None:
    with _OTHERS.open(encoding="utf-8") as file:
        others = {row["code"]: (row["name_zh"], row["code_2005"]) for row in csv.DictReader(file)}
    assert {code: (one.name, one.code_2005) for code, one in codes().items()} == others


def test_every_data_flag_has_words_and_a_quality() -> None:
    assert set(FLAGS) == set(HJ212_FLAGS)


def test_every_deviation_that_is_counted_has_words_in_both_languages() -> None:
    package = Path(connectors.hj212.__file__).parent
    code = "".join(path.read_text("utf-8") for path in package.glob("*.py"))
    counted = set(re.findall(r'odd\["([a-z0-9_]+)"', code)) | set(re.findall(r'odd\.append\("([a-z0-9_]+)"\)', code))
    assert len(counted) > 25
    assert counted <= set(DEVIATIONS)
    for word, words in DEVIATIONS.items():
        assert re.fullmatch(r"[a-z0-9_]+", word)
        assert words.en
        assert re.search(r"[一-鿿]", words.zh)
