"""Reads ahead in a thread: the next block is decoded while the engine works on this one."""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

_One = TypeVar("_One")
_BLOCKS_AHEAD = 2
_LOOK_EVERY_S = 0.1


class _End:
    """There is no more; or what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def read_ahead(blocks: Iterable[_One]) -> Generator[_One]:
    """The same, in the same order, with the same errors. Close it to end the thread."""
    waiting: queue.Queue[_One | _End] = queue.Queue(_BLOCKS_AHEAD)
    stop = threading.Event()
    thread = threading.Thread(target=_read, args=(iter(blocks), waiting, stop), name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            one = waiting.get()
            if isinstance(one, _End):
                if one.error is not None:
                    raise one.error
                return
            yield one
    finally:
        stop.set()
        thread.join()


def _read(blocks: Iterator[_One], waiting: "queue.Queue[_One | _End]", stop: threading.Event) -> None:
    end = _End()
    try:
        for one in blocks:
            if not _put(one, waiting, stop):
                return
    except BaseException as error:
        end = _End(error)
    _put(end, waiting, stop)


def _put(one: "_One | _End", waiting: "queue.Queue[_One | _End]", stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            waiting.put(one, timeout=_LOOK_EVERY_S)
        except queue.Full:
            continue
        return True
    return False
