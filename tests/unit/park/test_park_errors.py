"""A wrong park file is explained with file, line, column and cure, every fault at once."""

import re

import pytest

from park.check import load_park
from tests.unit.park.parks import VALID, but, errors_of, line_of


def test_the_file_all_these_tests_spoil_is_valid() -> None:
    checked = load_park(VALID, "park.yaml")
    assert checked.warnings == []
    assert [f"{owner}.{source.id}.{tag.id}" for owner, source, tag in checked.park.tags()] == [
        "shangyu.weather.wind-speed",
        "acme.tank-1.LT-101",
        "acme.tank-1.TT-101",
        "zeta.outlet-1.NO",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("deadband: 1", "deadbandd: 1", "unknown key 'deadbandd'; did you mean 'deadband'?", id="typo"),
        pytest.param(
            "version: 1",
            "version: 1\nxyzzy: 1",
            "unknown key 'xyzzy'; remove it, known here: version, id, name,",
            id="nonsense key",
        ),
        pytest.param(
            "  - id: zeta",
            "  - id: zeta\n    unit: x",
            "unknown key 'unit' here; it belongs elsewhere, check the indentation",
            id="key in the wrong place",
        ),
        pytest.param("unit: m/s", "unit: metrics", "'metrics' is not a known unit; write for example mg/m3", id="unit"),
        pytest.param("on_delay: 5s", "on_delay: 5", "5 is not a duration; write a number and its unit", id="no unit"),
        pytest.param("stale_after: 10s", "stale_after: soon", "'soon' is not a duration", id="no duration"),
        pytest.param("stale_after: 10s", "stale_after: 0s", "greater than 0", id="stale at once"),
        pytest.param("H: 80", "H: high", "valid dictionary or instance of Limit (got 'high')", id="limit is a word"),
        pytest.param("H: 80", "H: .nan", "finite number", id="limit is NaN"),
        pytest.param("deadband: 1", "deadband: -1", "greater than or equal to 0 (got -1)", id="negative deadband"),
        pytest.param("span: [0, 100]", "span: [100, 0]", "the span must rise: [100, 0] does not", id="span falls"),
        pytest.param("span: [0, 100]", "span: [0]", "span: value 2 is missing", id="span of one"),
        pytest.param("kind: tank", "kind: tnak", "'tank', 'reactor'", id="unknown kind names the known ones"),
        pytest.param("[120.88, 30.16]", "[30.16, 120.88]", "less than or equal to 90 (got 120.88)", id="lat/lon"),
        pytest.param("grade: 4", "grade: 5", "1, 2, 3 or 4", id="grade"),
        pytest.param("population_500m: 0", "population_500m: -5", "greater than or equal to 0", id="people"),
        pytest.param("name: benzene", "name: benzol", "'benzol' is not in our GB 18218-2018 Table 1", id="chemical"),
        pytest.param("id: LT-101", "id: LT 101", "should match pattern", id="blank in an id"),
        pytest.param("id: LT-101", "id: 101", "valid string (got 101); put it in quotes", id="id is a number"),
        pytest.param("quantity: level", "quantity: Level", "should match pattern", id="capital in a quantity"),
        pytest.param("version: 1", "version: 2", "1", id="version of the future"),
        pytest.param("connector: stations", "connector: the stations", "should match pattern", id="connector"),
    ],
)
def test_fault_is_told_at_its_line_with_its_cure(old: str, new: str, message: str) -> None:
    text = but(old, new)
    (told,) = errors_of(text)
    line = line_of(text, new) + new.count("\n")
    assert told.startswith(f"park.yaml:{line}:")
    assert message in told


def test_column_points_at_the_key() -> None:
    text = but("deadband: 1", "deadbandd: 1")
    column = text.splitlines()[line_of(text, "deadbandd") - 1].index("deadbandd") + 1
    assert f"park.yaml:{line_of(text, 'deadbandd')}:{column}: " in errors_of(text)[0]


def test_chinese_before_the_fault_counts_as_characters() -> None:
    text = but("{connector: dcs, device: plc-1}", "{connector: 上虞, device: plc-1, x: 1}")
    columns = [int(told.split(":")[2]) for told in errors_of(text)]
    line = text.splitlines()[line_of(text, "connector: 上虞") - 1]
    assert columns == [line.index("connector") + 1, line.index("x: 1") + 1]


def test_missing_key_is_told_at_what_lacks_it() -> None:
    text = but("            quantity: level\n", "")
    assert errors_of(text) == [f"park.yaml:{line_of(text, 'id: LT-101')}:13: 'quantity' is missing"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("H: 80", "H: 90", "H is 90 and HH is 90; limits must rise: LL < L < H < HH"),
        ("H: 80", "H: 95", "H is 95 and HH is 90; limits must rise"),
        ("H: 80", "L: 95", "L is 95 and HH is 90; limits must rise"),
        ("H: 80", "{H: 80, L: 10, LL: 20}", ""),
    ],
)
def test_limits_out_of_order_are_told_with_both_numbers(old: str, new: str, message: str) -> None:
    text = but(old, new) if message else but("              H: 80\n", "              LL: 20\n              L: 10\n")
    (told,) = errors_of(text)
    assert (message or "LL is 20 and L is 10; limits must rise") in told
    assert told.startswith(f"park.yaml:{line_of(text, 'alarms:')}:")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param("id: zeta", "id: acme", "two park and enterprises have the id 'acme'", id="enterprise"),
        pytest.param("id: zeta", "id: shangyu", "two park and enterprises have the id 'shangyu'", id="as the park"),
        pytest.param("id: TT-101", "id: LT-101", "two tags have the id 'LT-101'", id="tag"),
    ],
)
def test_duplicate_id_is_told_at_the_second(old: str, new: str, what: str) -> None:
    line = line_of(VALID, old)
    (told,) = errors_of(but(old, new))
    assert told.startswith(f"park.yaml:{line}:")
    assert what in told


def test_duplicate_source_is_told_at_the_second() -> None:
    text = but(
        "      - id: outlet-1", "      - id: twin\n        kind: tank\n        position: [0, 0]\n      - id: twin"
    )
    (told,) = errors_of(text)
    assert told.startswith(f"park.yaml:{text[: text.rindex('id: twin')].count(chr(10)) + 1}:")
    assert "two sources have the id 'twin'" in told


def test_same_tag_in_two_sources_is_no_duplicate() -> None:
    load_park(but('id: "NO"', "id: LT-101"), "park.yaml")


def test_all_duplicate_ids_are_told_at_once() -> None:
    text = but("id: zeta", "id: acme", ("id: TT-101", "id: LT-101"))
    assert len(errors_of(text)) == 2


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = but(
        "unit: m/s",
        "unit: metrics",
        ("H: 80", "H: high"),
        ("grade: 4", "grade: 9"),
        ("    name: Zeta", "    nmae: Zeta"),
    )
    told = errors_of(text)
    lines = [int(match[1]) for one in told if (match := re.match(r"park\.yaml:(\d+):", one))]
    assert len(told) == 5
    assert sorted(lines) == lines


def test_duplicate_yaml_key_is_refused_at_the_second() -> None:
    text = but("deadband: 1", "deadband: 1\n              H: 81")
    assert errors_of(text) == [f"park.yaml:{line_of(text, 'H: 81')}:15: key 'H' stands twice; remove one"]


def test_all_duplicate_yaml_keys_are_told_at_once() -> None:
    text = but("deadband: 1", "deadband: 1\n              H: 81", ("unit: m/s", "unit: m/s\n        unit: km/h"))
    assert len(errors_of(text)) == 2


def test_pollutant_no_is_not_read_as_false() -> None:
    park = load_park(but('id: "NO"', "id: NO"), "park.yaml").park
    assert park.enterprises[1].sources[0].tags[0].id == "NO"


@pytest.mark.parametrize("word", ["yes", "Off", "y", "N", "1_000", "0x1F", "12:30:45", "2026-11-22", "1e", "+"])
def test_words_that_old_yaml_would_bend_stay_text(word: str) -> None:
    park = load_park(but("name: Zeta", f"name: {word}"), "park.yaml").park
    assert park.enterprises[1].name == word


def test_secret_is_not_shown_in_an_error() -> None:
    from pydantic import BaseModel, SecretStr

    from park.yamlfile import Document, FileInvalid

    class Login(BaseModel):
        password: SecretStr

    with pytest.raises(FileInvalid) as caught:
        Document("password: 271828", "x.yaml").model(Login)
    assert "271828" not in str(caught.value)
    assert "put it in quotes" in str(caught.value)
