"""Shows long steps: bars on a terminal, one plain line a step elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

_LOOK_EVERY_S = 0.1


class Steps:
    """The steps of one long task."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._plain = not progress.console.is_terminal

    @contextmanager
    def counted(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a step of so many parts; call what is yielded after each."""
        with self._shown(label, total) as task:
            yield lambda: self._progress.advance(task)

    @contextmanager
    def watched(self, label: str, total: int, done: Callable[[], int]) -> Iterator[None]:
        """Show a step that someone else does, asking ``done`` how far it has come."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_EVERY_S):
                self._progress.update(task, completed=done())

        with self._shown(label, total) as task:
            watcher = threading.Thread(target=look, daemon=True)
            watcher.start()
            try:
                yield
            finally:
                ended.set()
                watcher.join()

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Show a step of unknown length."""
        with self._shown(label, None):
            yield

    @contextmanager
    def _shown(self, label: str, total: int | None) -> Iterator[TaskID]:
        started_s = time.monotonic()
        task = self._progress.add_task(label, total=total)
        yield task
        self._progress.update(task, total=total or 1, completed=total or 1)
        if self._plain:
            self._progress.console.print(f"  {label}: {time.monotonic() - started_s:.1f} s", highlight=False)


@contextmanager
def shown_steps() -> Iterator[Steps]:
    """Show the steps of one task on standard error."""
    console = Console(stderr=True, soft_wrap=True)
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Steps(progress)
