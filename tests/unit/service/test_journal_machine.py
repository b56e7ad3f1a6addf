"""Whatever is done to a journal in whatever order, it agrees with a dictionary that would survive anything."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.journal import journal as journal_module
from service.journal.journal import Journal
from service.journal.rows import NO_EXTRAS, Extras
from tests.unit.service.making import batch_of, quick_directory, rows_of

_Model = dict[int, tuple[int, list[tuple[int, int, float, int]], Extras]]


class JournalMachine(RuleBasedStateMachine):
    """Append, read, trim, register, save, reopen."""

    def __init__(self) -> None:
        super().__init__()
        self._context = quick_directory()
        self._directory = self._context.__enter__()
        self._rows: _Model = {}
        self._newest = 0
        self._trimmed = 0
        self._now_us = 0
        self._tags: dict[str, int] = {}
        self._states: dict[str, bytes] = {}

    @initialize()
    def open(self) -> None:
        self.journal = Journal(self._directory / "journal.db")
        self._id = self.journal.id

    @rule(samples=st.integers(0, 40), step_us=st.integers(1, 10**9), started=st.booleans())
    def append(self, samples: int, step_us: int, started: bool) -> None:
        self._now_us += step_us
        batch = batch_of(*[(i, self._now_us + i, i / 7) for i in range(samples)])
        extras = Extras(start=True) if started else NO_EXTRAS
        row = self.journal.append(received_us=self._now_us, batch=batch, extras=extras)
        self._newest += 1
        assert row.position == self._newest
        self._rows[self._newest] = (self._now_us, rows_of(batch), extras)

    @rule(back=st.integers(0, 30), max_rows=st.integers(1, 20), max_samples=st.integers(1, 100))
    def read(self, back: int, max_rows: int, max_samples: int) -> None:
        after = max(self._newest - back, self._trimmed)
        rows = self.journal.read(after, max_rows=max_rows, max_samples=max_samples)
        expected = [(position, *self._rows[position]) for position in range(after + 1, self._newest + 1)]
        got = [(row.position, row.received_us, rows_of(row.batch), row.extras) for row in rows]
        assert got == expected[: len(got)]
        assert bool(got) == bool(expected)
        assert len(got) <= max_rows
        assert len(got) <= 1 or sum(len(one[2]) for one in got) <= max_samples

    @precondition(lambda self: self._newest > self._trimmed)
    @rule(share=st.floats(0, 1.3))
    def trim(self, share: float) -> None:
        up_to = self._trimmed + round((self._newest - self._trimmed) * share)
        self.journal.trim(up_to)
        self._trimmed = max(self._trimmed, min(up_to, self._newest))

    @rule(ids=st.lists(st.sampled_from("abcdefgh"), max_size=4))
    def register(self, ids: list[str]) -> None:
        for one in ids:
            self._tags.setdefault(one, len(self._tags))
        assert self.journal.register_tags(ids) == self._tags

    @rule(name=st.sampled_from("xy"), payload=st.binary(max_size=9))
    def save(self, name: str, payload: bytes) -> None:
        self.journal.save_state(name, payload)
        self._states[name] = payload

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.open_again()

    def open_again(self) -> None:
        self.journal = Journal(self._directory / "journal.db")
        assert self.journal.id == self._id

    @invariant()
    def knows_where_it_stands(self) -> None:
        if hasattr(self, "journal"):
            assert (self.journal.last_position, self.journal.trimmed) == (self._newest, self._trimmed)
            assert self.journal.last_received_us == self._now_us
            assert {name: self.journal.load_state(name) for name in self._states} == self._states

    def teardown(self) -> None:
        self.journal.close()
        self._context.__exit__(None, None, None)


class ForgetfulJournalMachine(JournalMachine):
    """The same with next to nothing kept in memory, so that almost every read is from disk."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = journal_module._TAIL_ROWS
        journal_module._TAIL_ROWS = 2

    def teardown(self) -> None:
        journal_module._TAIL_ROWS = self._kept
        super().teardown()


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestForgetfulJournal = ForgetfulJournalMachine.TestCase
TestForgetfulJournal.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
