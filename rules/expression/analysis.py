"""One rule's texts, read and held against the park: what is wrong with them, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.arrays import Rows
from rules.expression.check import Checker
from rules.expression.parse import parse
from rules.expression.problems import Problem, Problems
from rules.expression.quantity import Leaf
from rules.expression.resolve import Named, Resolved, resolve, sources_with
from rules.expression.scope import Scope
from rules.expression.tree import Name, Node, walk
from rules.expression.typed import Cond, Num


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of one text that is right."""

    #: In one line.
    text: str
    root: Cond
    leaves: tuple[Leaf, ...]
    #: The sides of the first comparison.
    first: tuple[Num, Num] | None
    #: By expanded name.
    named: Mapping[str, Named]


@dataclass(slots=True)
class Analysis:
    """Of all texts of a rule; ``problems`` by text, in order of column."""

    #: Numbers (of the scope) of the sources that have all names; there is a meaning only if there are some.
    sources: Rows
    problems: list[list[Problem]] = field(default_factory=list)
    meanings: list[Meaning] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether there is no problem."""
        return not any(self.problems)


def analyse(texts: Sequence[str], scope: Scope, picked: Rows, names: Mapping[str, str]) -> Analysis:
    """``picked``: the sources that the rule applies to; ``names``: the rule's own."""
    problems = [Problems() for _ in texts]
    trees = [parse(text, found) for text, found in zip(texts, problems, strict=True)]
    if not any(isinstance(node, Name) for tree in trees for node in walk(tree)):
        problems[0].found.append(Problem(0, "no tag is looked at"))
    sources = sources_with(trees, scope, picked, names)
    analysis = Analysis(sources=sources)
    for tree, text, found in zip(trees, texts, problems, strict=True):
        _type(analysis, tree, text, resolve(tree, scope, picked, sources, names, found), found)
        analysis.problems.append(sorted(set(found.found)))
    if not (analysis.is_right and len(sources)):
        analysis.meanings = []
    if len(picked) and not len(sources) and analysis.is_right:
        analysis.warnings.append("no source has all of the names: the rule watches nothing")
    analysis.warnings += _unused(trees, names)
    return analysis


def _type(analysis: Analysis, tree: Node, text: str, resolved: Resolved, problems: Problems) -> None:
    checker = Checker(text, resolved, problems)
    root = checker.condition(tree)
    if root is not None and len(resolved.sources):
        line = " ".join(text.split())
        analysis.meanings.append(Meaning(line, root, tuple(checker.leaves), checker.first, resolved.named))


def _unused(trees: Sequence[Node], names: Mapping[str, str]) -> list[str]:
    written = {node.text for tree in trees for node in walk(tree) if isinstance(node, Name)}
    used = {".".join(text.split(".")[:size]) for text in written for size in range(1, text.count(".") + 2)}
    return [f"names: {name} is not used" for name in names if name not in used]
