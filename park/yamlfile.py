"""YAML 1.2 text to checked models, with errors that name file, line and cure.

PyYAML's C parser gives the nodes and their places; scalars are resolved here by the YAML 1.2 core schema, because
PyYAML's own YAML 1.1 rules read the pollutant ``NO`` as False. Duplicate keys are refused.
"""

import difflib
import gc
import re
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
_MOST_VALUES = 2_000_000
#: Deeper than any file of ours by far; PyYAML's C code overflows its stack at some ten thousand.
_DEEPEST = 100
_LONGEST_NUMBER = 100
#: Values of keys like these are not shown.
_SECRET = re.compile("passw|secret|token|url|key")


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


def text_of(data: bytes, file: str) -> str:
    """The text of a UTF-8 file. Raises FileInvalid where it is written in another way (GBK, say)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "not UTF-8 text; save the file as UTF-8"
        raise FileInvalid([Problem(file=file, line=line, column=1, message=message)]) from None


class _Loader(yaml.CSafeLoader):
    """Resolves nothing by itself: every plain scalar stays text until `_scalar` reads it. Counts the depth."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        return ""

    def descend_resolver(self, node: yaml.Node | None, index: object) -> None:
        self._depth += 1
        if self._depth > _DEEPEST + 1 and node is not None:
            raise yaml.MarkedYAMLError(problem=f"nested more than {_DEEPEST} levels deep", problem_mark=node.start_mark)

    def ascend_resolver(self) -> None:
        self._depth -= 1


@contextmanager
def no_collection() -> Iterator[None]:
    """A large file makes a million objects, none of them garbage; looking for it takes longer than parsing.

    Of the whole process: everything waits while the collector looks.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Document:
    """A parsed file: its data, and the place of anything in it. Raises FileInvalid on malformed YAML."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._lines = text.splitlines()
        self._problems: list[Problem] = []
        #: Containers by the node's id: a node that aliases share is built once.
        self._built: dict[int, tuple[object, int]] = {}
        try:
            with no_collection():
                root = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            raise FileInvalid(
                [self._at(error.problem_mark or error.context_mark, f"not YAML: {error.problem}")]
            ) from error
        except yaml.YAMLError as error:
            raise FileInvalid([self._unreadable(text, error)]) from error
        except UnicodeEncodeError as error:
            raise FileInvalid([self._problem(1, 1, "not Unicode text; save the file as UTF-8")]) from error
        if root is None:
            raise FileInvalid([self._problem(1, 1, "the file is empty")])
        self._root: yaml.Node = root
        with no_collection():
            self.data, values = self._build(root, 0)
        if values > _MOST_VALUES:
            self._problems.append(self._problem(1, 1, "too many values once aliases are expanded"))
        if self._problems:
            raise FileInvalid(self._problems)

    def _problem(self, line: int, column: int, message: str) -> Problem:
        return Problem(file=self.file, line=line, column=column, message=message)

    def _at(self, mark: Any, message: str) -> Problem:
        return self._problem(mark.line + 1, mark.column + 1, message) if mark else self._problem(1, 1, message)

    def _unreadable(self, text: str, error: yaml.YAMLError) -> Problem:
        reason = str(error).partition("\n")[0]
        before = text.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
        return self._problem(before.count("\n") + 1, len(before) - before.rfind("\n"), f"not YAML: {reason}")

    def problem(self, loc: _Loc, message: str) -> Problem:
        """A problem at the node that ``loc`` (keys and positions from the root) names, or at the nearest above it."""
        return self._problem(*self.place(loc), message)

    def place(self, loc: _Loc) -> tuple[int, int]:
        """(line, column) from 1."""
        node = self._root
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

    def problem_within(self, loc: _Loc, offset: int, message: str) -> Problem:
        """A problem ``offset`` characters into the text at ``loc``; where the text was folded, at its beginning."""
        node = self._node(loc)
        if not isinstance(node, yaml.ScalarNode):
            return self.problem(loc, message)
        line, column = node.start_mark.line, node.start_mark.column
        if node.style == "|":
            before = node.value[:offset]
            line += 1 + before.count("\n")
            column = self._indent(line) + len(before) - (before.rfind("\n") + 1)
        elif line == node.end_mark.line:
            column += offset + (1 if node.style else 0)
        return self._problem(line + 1, column + 1, message)

    def _indent(self, line: int) -> int:
        text = self._lines[line] if line < len(self._lines) else ""
        return len(text) - len(text.lstrip(" "))

    def _node(self, loc: _Loc) -> yaml.Node:
        node = self._root
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), node)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
        return node

    def _build(self, node: yaml.Node, depth: int) -> tuple[object, int]:
        """The node's data, and how many values it holds with its aliases expanded."""
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node), 1
        if id(node) not in self._built:
            if depth > _DEEPEST:
                raise FileInvalid([self._at(node.start_mark, "an alias stands inside what it names, or too deep")])
            is_mapping = isinstance(node, yaml.MappingNode)
            self._built[id(node)] = self._mapping(node, depth) if is_mapping else self._sequence(node, depth)
        return self._built[id(node)]

    def _sequence(self, node: yaml.Node, depth: int) -> tuple[list[object], int]:
        items = [self._build(item, depth + 1) for item in node.value]
        return [data for data, _ in items], 1 + sum(values for _, values in items)

    def _mapping(self, node: yaml.Node, depth: int) -> tuple[dict[str, object], int]:
        mapping: dict[str, object] = {}
        total = 1
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problems.append(self._at(key.start_mark, "a key must be a word"))
            elif key.value in mapping:
                self._problems.append(self._at(key.start_mark, f"key {key.value!r} stands twice; remove one"))
            else:
                mapping[key.value], values = self._build(value, depth + 1)
                total += values
        return mapping, total

    def model(self, kind: type[_Model]) -> _Model:
        """The data as a checked model. Raises FileInvalid with every problem found."""
        try:
            with no_collection():
                return kind.model_validate(self.data)
        except ValidationError as error:
            problems = [problem for one in _causes(error) for problem in self._of_error(one, kind)]
            raise FileInvalid(sorted(problems, key=lambda one: (one.line, one.column))) from error

    def _of_error(self, error: Any, kind: type[BaseModel]) -> Iterator[Problem]:
        loc: _Loc = tuple(error["loc"])
        cause = error.get("ctx", {}).get("error")
        for place, message in getattr(cause, "places", ()):
            yield self.problem(loc + place, message)
        if not hasattr(cause, "places"):
            yield self.problem(loc, _words(error, loc, kind))


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.style:  # quoted or block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _causes(error: ValidationError) -> list[Any]:
    # A list that must not be empty is called too short as well, when its only item is wrong.
    found = error.errors()
    wrong = [one["loc"] for one in found if one["type"] != "too_short"]
    return [
        one
        for one in found
        if one["type"] != "too_short" or not any(loc[: len(one["loc"])] == one["loc"] for loc in wrong)
    ]


def _words(error: Any, loc: _Loc, kind: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return f"unknown key {loc[-1]!r}" + _suggest(str(loc[-1]), loc[:-1], kind)
    if error["type"] == "missing":
        return f"{loc[-1]!r} is missing" if isinstance(loc[-1], str) else f"{loc[-2]}: value {loc[-1] + 1} is missing"
    message = str(error.get("ctx", {}).get("error", error["msg"]))
    value = error["input"]
    if isinstance(value, (str, int, float, bool, type(None))) and not _SECRET.search(str(loc[-1:])):
        message += f" (got {value!r})"
    if error["type"] == "string_type" and isinstance(value, (int, float)):
        message += "; put it in quotes"
    where = ".".join(str(step) for step in loc if isinstance(step, str))
    return f"{where}: {message}" if where else message


def _names(kind: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in kind.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _models_below(kind: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    seen.add(kind)
    for info in kind.model_fields.values():
        for inner in set(_models_in(info.annotation)) - seen:
            _models_below(inner, seen)
    return seen


def _models_at(kind: type[BaseModel], loc: _Loc) -> set[type[BaseModel]]:
    here = {kind}
    for step in loc:
        fields = [info for model in here for name, info in model.model_fields.items() if step in (info.alias, name)]
        here = {inner for info in fields for inner in _models_in(info.annotation)} or here
    return here


def _suggest(word: str, loc: _Loc, kind: type[BaseModel]) -> str:
    here = [name for model in _models_at(kind, loc) for name in _names(model)]
    near = difflib.get_close_matches(word, here, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    if any(word in _names(model) for model in _models_below(kind, set())):
        return " here; it belongs elsewhere, check the indentation"
    return f"; remove it, known here: {', '.join(here)}"
