"""Rule files: one, several, directories; what is known of them is not read twice."""

from pathlib import Path

import pytest

from park.yamlfile import FileInvalid
from service.rules.files import RuleFile, check_files, load_rules, read_rule_files, rule_paths, rules_of
from tests.unit.service.making import tag_table

ONE = "rules:\n  - {id: one, kind: limit}\n"
TWO = "rules:\n  - {id: two, kind: stale}\n"


def test_directory_means_its_yaml_files_by_name_and_each_file_counts_once(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text(ONE, "utf-8")
    assert rule_paths([tmp_path, tmp_path / "b.yaml"]) == [tmp_path / "a.yml", tmp_path / "b.yaml"]


def test_directory_without_rules_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no rule file"):
        rule_paths([tmp_path])


def test_file_in_another_encoding_is_told_with_the_line_and_the_others_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"rules:\n  - {id: a, kind: limit, name: \xb9\xfe}\n")
    (tmp_path / "b.yaml").write_bytes(b"\xff")
    with pytest.raises(FileInvalid) as refused:
        read_rule_files([tmp_path])
    assert [(Path(one.file).name, one.line) for one in refused.value.problems] == [("a.yaml", 2), ("b.yaml", 1)]


def test_rules_of_all_files_stand_in_their_order_with_their_places() -> None:
    files = (RuleFile(name="b", text=TWO), RuleFile(name="a", text=ONE))
    assert [rule.id for rule in load_rules(files).rules.rules] == ["two", "one"]
    assert rules_of(files).lines == {"two": ("b", 2), "one": ("a", 2)}


def test_files_that_are_known_are_not_read_again() -> None:
    files = (RuleFile(name="a", text=ONE),)
    assert rules_of(files) is rules_of((RuleFile(name="a", text=ONE),))
    assert rules_of(()).rules.by_id("tag-limits") is not None


def test_file_without_rules_is_no_mistake_beside_others() -> None:
    files = (RuleFile(name="a", text="version: 1\n"), RuleFile(name="b", text=TWO))
    assert [rule.id for rule in load_rules(files).rules.rules] == ["two"]


def test_rules_that_somebody_holds_are_not_read_again_however_many_others_are_tried() -> None:
    files = (RuleFile(name="in-force", text=ONE),)
    held = rules_of(files)
    for number in range(20):
        load_rules((RuleFile(name=f"tried-{number}", text=TWO),))
    assert rules_of(files) is held


@pytest.mark.parametrize("name", ["service", "stop-work"])
def test_rule_cannot_have_the_name_under_which_the_service_raises_its_own_alarms(name: str) -> None:
    file = RuleFile(name="a", text=f"rules:\n  - id: {name}\n    kind: limit\n")
    with pytest.raises(FileInvalid, match=r"a:2:\d+: the service raises alarms of its own"):
        check_files(tag_table(), (file,))
