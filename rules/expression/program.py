"""A compiled text: its nodes, and what it says of one source, for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from park.duration import format_duration
from park.quality import Quality
from rules.expression.analysis import Meaning
from rules.expression.emit import Emitter
from rules.expression.nodes import TRUE_UNSURE, UNKNOWN, Conditions, Holding, Numbers
from rules.expression.pool import Pool

_LONGEST_TEXT = 160


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Rows are sources, in the order of the rule's slots."""

    text: str
    root: Conditions
    #: As written, its node, and its unit: empty for what has none, None for durations.
    leaves: Sequence[tuple[str, Numbers | Conditions, str | None]]
    #: The sides of the first comparison.
    first: tuple[Numbers, Numbers] | None
    holds: Sequence[Holding]

    def facts(self, row: int) -> str:
        """``mean(nmhc, 10m) 84.2 mg/m3, wind.speed 1.2 m/s``"""
        return ", ".join(_fact(text, node, unit, row) for text, node, unit in self.leaves)

    def sentence(self, row: int) -> str:
        """The text, and the facts."""
        facts = self.facts(row)
        text = self.text if len(self.text) <= _LONGEST_TEXT else self.text[: _LONGEST_TEXT - 1] + "…"
        return f"{text}: {facts}" if facts else text

    def is_unsure(self, row: int) -> bool:
        """Whether it is not known for sure if it is so."""
        return _grade(self.root, row) != Quality.GOOD

    def reason(self, row: int) -> str:
        """What is not known for sure."""
        grades = [(text, _grade(node, row)) for text, node, _ in self.leaves]
        unknown = [text for text, grade in grades if grade == Quality.BAD]
        unsure = [text for text, grade in grades if grade == Quality.UNCERTAIN]
        said = [f"{', '.join(unknown)} not known"] if unknown else []
        said += [f"{', '.join(unsure)} uncertain"] if unsure else []
        return "; ".join(said) or "not known at every moment"

    def sides(self, row: int) -> tuple[float, float]:
        """Left and right of the first comparison; NaN where they are not known."""
        if self.first is None:
            return float("nan"), float("nan")
        left, right = (_number(node, row) for node in self.first)
        return left, right


def compile_meaning(meaning: Meaning, pool: Pool, strict: bool, count: int) -> Program:
    """``count`` sources; ``strict``: uncertain counts as bad."""
    emitter = Emitter(pool, meaning.named, strict, count)
    root = emitter.condition(meaning.root)
    return Program(
        text=meaning.text,
        root=root,
        leaves=[(leaf.text, emitter.node(leaf.part), leaf.unit) for leaf in meaning.leaves],
        first=None if meaning.first is None else (emitter.number(meaning.first[0]), emitter.number(meaning.first[1])),
        holds=emitter.holds,
    )


def _grade(node: Numbers | Conditions, row: int) -> int:
    if isinstance(node, Numbers):
        return 0 if node.grade is None else int(node.grade[row if len(node.grade) > 1 else 0])
    code = int(node.code[row if len(node.code) > 1 else 0])
    return (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.UNCERTAIN, Quality.GOOD)[code]


def _number(node: Numbers, row: int) -> float:
    if _grade(node, row) == Quality.BAD:
        return float("nan")
    return float(node.value[row if len(node.value) > 1 else 0])


def _fact(text: str, node: Numbers | Conditions, unit: str | None, row: int) -> str:
    if _grade(node, row) == Quality.BAD:
        return f"{text} not known"
    if isinstance(node, Conditions):
        code = int(node.code[row if len(node.code) > 1 else 0])
        assert code != UNKNOWN
        return f"{text} {'true' if code >= TRUE_UNSURE else 'false'}"
    value = _number(node, row)
    if unit is None:
        return f"{text} {format_duration(round(value) * 1_000_000)}"
    return f"{text} {value:.6g} {unit}".rstrip()
