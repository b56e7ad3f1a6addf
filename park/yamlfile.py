"""YAML 1.2 text to checked models, with errors that name file, line and cure.

PyYAML's C parser gives the nodes and their places; scalars are resolved here by the YAML 1.2 core schema, because
PyYAML's own YAML 1.1 rules read the pollutant ``NO`` as False. Duplicate keys are refused.
"""

import difflib
import re
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)
_Loc = tuple[int | str, ...]

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    **dict.fromkeys((".nan", ".NaN"), float("nan")),
}
#: A file with more values than this, aliases expanded, is refused: a few nested aliases can stand for billions.
_MOST_NODES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong, or odd, in a file."""

    file: str
    #: From 1.
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FileInvalid(ValueError):
    """The file cannot be used; ``problems`` says where and why, all of them at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class _Loader(yaml.CSafeLoader):
    """Resolves nothing by itself: every plain scalar stays text until `_scalar` reads it."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - how PyYAML is configured


class Document:
    """A parsed file: its data, and the place of anything in it. Raises FileInvalid on malformed YAML."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._count = 0
        try:
            self._root = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise FileInvalid([self._problem(line, column, f"not YAML: {error.problem}")]) from error
        except yaml.YAMLError as error:
            raise FileInvalid([self._problem(1, 1, f"not YAML: {error}")]) from error
        if self._root is None:
            raise FileInvalid([self._problem(1, 1, "the file is empty")])
        self.data = self._construct(self._root)

    def _problem(self, line: int, column: int, message: str) -> Problem:
        return Problem(file=self.file, line=line, column=column, message=message)

    def problem(self, loc: _Loc, message: str) -> Problem:
        """A problem at the node that ``loc`` (keys and positions from the root) names, or at the nearest above it."""
        return self._problem(*self.place(loc), message)

    def place(self, loc: _Loc) -> tuple[int, int]:
        """(line, column) from 1."""
        node: yaml.Node | None = self._root
        assert node is not None
        mark = node.start_mark
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == step), None)
                if found is None:
                    continue
                mark, node = found[0].start_mark, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                mark = node.start_mark
        return mark.line + 1, mark.column + 1

    def _construct(self, node: yaml.Node) -> object:
        self._count += 1
        if self._count > _MOST_NODES:
            raise FileInvalid([self._problem(1, 1, "too many values once aliases are expanded")])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(item) for item in node.value]
        assert isinstance(node, yaml.ScalarNode)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        mapping: dict[str, object] = {}
        for key, value in node.value:
            mark = key.start_mark
            if not isinstance(key, yaml.ScalarNode):
                raise FileInvalid([self._problem(mark.line + 1, mark.column + 1, "a key must be a word")])
            if key.value in mapping:
                raise FileInvalid([self._problem(mark.line + 1, mark.column + 1, f"key {key.value!r} stands twice")])
            mapping[key.value] = self._construct(value)
        return mapping

    def model(self, kind: type[_Model]) -> _Model:
        """The data as a checked model. Raises FileInvalid with every problem found."""
        try:
            return kind.model_validate(self.data)
        except ValidationError as error:
            raise FileInvalid([self._of_error(one, kind) for one in error.errors()]) from error

    def _of_error(self, error: Any, kind: type[BaseModel]) -> Problem:
        loc: _Loc = tuple(error["loc"])
        cause = error.get("ctx", {}).get("error")
        loc += tuple(getattr(cause, "loc", ()))
        message = str(cause) if cause is not None else error["msg"]
        where = ".".join(str(step) for step in loc if isinstance(step, str))
        if error["type"] == "extra_forbidden":
            message = f"unknown key {loc[-1]!r}" + _suggest(str(loc[-1]), kind)
        elif error["type"] == "missing":
            message = f"{loc[-1]!r} is missing"
        else:
            value = error["input"]
            shown = f" (got {value!r})" if isinstance(value, (str, int, float, bool, type(None))) else ""
            message = f"{where}: {message}{shown}" if where else message
        return self.problem(loc, message)


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.style:  # quoted or block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _field_names(kind: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    seen.add(kind)
    for name, info in kind.model_fields.items():
        yield info.alias or name
        for inner in _models_in(info.annotation):
            if inner not in seen:
                yield from _field_names(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _suggest(word: str, kind: type[BaseModel]) -> str:
    near = difflib.get_close_matches(word, set(_field_names(kind, set())), n=1)
    return f"; did you mean {near[0]!r}?" if near else "; remove it"
