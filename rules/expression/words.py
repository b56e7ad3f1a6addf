"""Sentences about conditions."""

from collections.abc import Callable

from rules.bank.side import SideName
from rules.bank.slots import Slots
from rules.bank.words import FaultWords, Told
from rules.expression.program import Program
from rules.transition import Change


class ConditionWords(FaultWords):
    """The rule's text, and the numbers behind it as of the advance that tells of them."""

    def __init__(self, slots: Slots, program: Callable[[int], tuple[Program, int]]) -> None:
        super().__init__(slots)
        self._program = program

    def value(self, one: Told) -> float:
        """The left side of the first comparison."""
        program, row = self._program(one.slot)
        return program.sides(row)[0]

    def limit(self, one: Told) -> float:
        """The right side of the first comparison."""
        program, row = self._program(one.slot)
        return program.sides(row)[1]

    def sentence(self, change: Change, side: SideName, one: Told) -> str:
        """See `Words`."""
        if change is Change.UNVERIFIED:
            return f"{self.reason(one.slot, one.quality)}; {self.what(one)}"
        return super().sentence(change, side, one)

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        program, row = self._program(one.slot)
        return program.sentence(row)

    def over(self, one: Told) -> str:
        """See `FaultWords`."""
        return f"no longer: {self.what(one)}"

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        program, row = self._program(slot)
        return program.reason(row)
