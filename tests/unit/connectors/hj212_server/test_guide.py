"""The guide to connecting a logger says what the code does."""

import re
from pathlib import Path

import yaml

import connectors.hj212
from connectors.hj212.commands import NAMES
from connectors.hj212.deviations import DEVIATIONS
from connectors.registry import parse_config
from park.model import Source

_PACKAGE = Path(connectors.hj212.__path__[0])
_GUIDE = (_PACKAGE.parents[1] / "deploy" / "docs" / "connect-a-logger.md").read_text("utf-8")
_README = (_PACKAGE / "README.md").read_text("utf-8")


def _samples() -> list[object]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", _GUIDE, re.DOTALL)]


def test_every_deviation_is_explained_as_the_code_has_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", _GUIDE.partition("## 5.")[2], re.MULTILINE))
    assert rows == {word: f"{words.en} | {words.zh}" for word, words in DEVIATIONS.items()}


def test_the_samples_are_valid() -> None:
    config, source = _samples()
    assert isinstance(config, list)
    assert isinstance(source, dict)
    assert parse_config.validate_python(config[0]).kind == "hj212"
    whole = {"id": "outlet", "kind": "waste_water_outlet", "position": [121.5, 30.8], **source}
    assert len(Source.model_validate(whole).tags) == 2


def test_every_dead_letter_that_is_named_exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in _PACKAGE.glob("*.py"))
    for reason in re.findall(r"dead letters? `(\w+)`", _GUIDE):
        assert f'"{reason}"' in code, reason


def test_the_readme_lists_every_command() -> None:
    listed = re.findall(r"`([a-z-]+)`", _README.partition("## Commands")[2].partition("After")[0])
    assert sorted({one for one in listed if one in NAMES}) == sorted(NAMES)
