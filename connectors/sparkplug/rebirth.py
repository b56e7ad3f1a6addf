"""When to ask an edge node for its births: seldom, repeatedly, with growing pauses."""

#: Not asked for so long, an edge node may be asked as often as in the beginning.
_GOOD_AFTER_US = 300_000_000


class Rebirth:
    """Of one edge node. Never reads a clock: every ``now_us`` is passed in, epoch microseconds."""

    def __init__(self, first_us: int, max_us: int) -> None:
        self._first_us, self._max_us = first_us, max_us
        self._pause_us = first_us
        #: When to ask next; None: there is no reason to.
        self._due_us: int | None = None
        self._allowed_us = 0
        self._tries: int | None = None
        #: Requests since the last answer.
        self.unanswered = 0
        self.asked = 0
        self.why = ""

    @property
    def is_wanted(self) -> bool:
        """Whether an answer is waited for, or to be asked for."""
        return self._due_us is not None

    def want(self, now_us: int, why: str, *, after_us: int = 0, tries: int | None = None) -> None:
        """There is a reason to ask, ``after_us`` from now at the earliest; after ``tries`` requests it is let be.

        A reason that comes on top of another changes nothing, but that it may be pressing.
        """
        if now_us - self._allowed_us >= _GOOD_AFTER_US:
            self._pause_us = self._first_us
        due_us = max(now_us + after_us, self._allowed_us)
        if self._due_us is None:
            self._due_us, self._tries, self.why = due_us, tries, why
        elif tries is None and (self._tries is not None or due_us < self._due_us):
            self._due_us, self._tries, self.why = min(due_us, self._due_us), None, why

    def take(self, now_us: int) -> bool:
        """Whether to ask now; if so, the next request waits for its turn."""
        if self._due_us is None or now_us < self._due_us:
            return False
        self.asked += 1
        self.unanswered += 1
        self._allowed_us = now_us + self._pause_us
        self._due_us = None if self._tries is not None and self.unanswered >= self._tries else self._allowed_us
        self._pause_us = min(2 * self._pause_us, self._max_us)
        return True

    def settle(self) -> None:
        """The edge node was born; or it is not there, and will be born by itself when it is."""
        self._due_us, self.unanswered = None, 0
