"""What is wrong with an expression, and where."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a text."""

    #: In the text, from 1; 0 where it concerns the text as a whole.
    column: int
    message: str

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}" if self.column else self.message


class ExpressionInvalid(ValueError):
    """An expression cannot be used as it is; ``problems`` says all that was found, in order of column."""

    def __init__(self, problems: Iterable[Problem], where: str = "") -> None:
        """``where``: which text it is, for people: ``rule storm, when``."""
        self.problems = tuple(sorted(set(problems)))
        text = "; ".join(str(problem) for problem in self.problems)
        super().__init__(f"{where}: {text}" if where else text)

    @property
    def column(self) -> int:
        """Of the first problem, from 1; 0 where it concerns the text as a whole."""
        return self.problems[0].column


class Problems:
    """Collects them, so that all can be told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, at: int, message: str) -> None:
        """``at`` is an offset into the text, from 0."""
        self.found.append(Problem(at + 1, message))

    def raise_any(self) -> None:
        """Raises ExpressionInvalid where there are any."""
        if self.found:
            raise ExpressionInvalid(self.found)
