"""Examples of rules in documents can be used as they stand."""

from pathlib import Path

import pytest

import deploy
from park.yamlfile import Document
from rules.kinds import KINDS
from rules.spec import RuleSet

_DOCS = Path(deploy.__file__).parent / "docs"
_README = Path(deploy.__file__).parents[1] / "README.md"


def _examples(page: Path) -> list[str]:
    blocks = [part.partition("```")[0] for part in page.read_text("utf-8").split("```yaml\n")[1:]]
    return [block if block.startswith("rules:") else f"rules:\n{block}" for block in blocks if "kind: " in block]


_PAGES = [_DOCS / "rules.md", _DOCS / "rule-files.md"]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_example_of_a_page_is_a_rule_file(page: Path) -> None:
    examples = _examples(page)
    assert examples
    for example in examples:
        body = example.removeprefix("rules:\n") if "version: 1" in example else example
        assert Document(body, page.name).model(RuleSet).rules


def test_the_overview_shows_every_kind_with_an_example_and_a_picture() -> None:
    page = (_DOCS / "rules.md").read_text("utf-8")
    shown = {
        rule.kind for example in _examples(_DOCS / "rules.md") for rule in Document(example, "x").model(RuleSet).rules
    }
    assert shown == set(KINDS)
    for kind in KINDS:
        assert f"![{kind}](pictures/{kind}.svg)" in page
        assert (_DOCS / "pictures" / f"{kind}.svg").is_file()


def test_the_example_of_the_readme_is_a_rule_file() -> None:
    text = _README.read_text("utf-8").partition("```yaml\nrules:\n")[2].partition("```")[0]
    assert Document(f"rules:\n{text}", "README.md").model(RuleSet).rules
