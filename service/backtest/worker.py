"""A backtest in a process of its own: ``python -m service.backtest.worker DIRECTORY``, DATABASE_URL in the environment.

Reads the order there, writes transitions and result there, and tells on standard output how far it is: one JSON object
a line. Ends at once when its standard input does: whoever started it is gone.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg

from service.backtest.found import line
from service.backtest.job import Progress, Stored, run_job
from service.backtest.orders import RESULT, TOLD, Order
from service.backtest.run import Counts

_NICE = 10
_TELL_EVERY_S = 0.2


def main(directory: Path, dsn: str) -> int:
    """0: there is a result. 1: it failed, and has said why."""
    try:
        order = Order.read(directory)
        job = order.job()
        source = Stored(order.samples(job, dsn))
        with (directory / TOLD).open("wb") as file:
            result = run_job(
                job,
                source,
                tell=lambda told: file.writelines(orjson.dumps(line(one)) + b"\n" for one in told),
                on_progress=_progress(file.flush),
            )
    except (ValueError, OSError, psycopg.Error) as error:
        _say(error=str(error).strip() or type(error).__name__)
        return 1
    (directory / RESULT).write_bytes(orjson.dumps(result))
    return 0


def _progress(flush: Callable[[], None]) -> Progress:
    last_s = 0.0

    def progress(done: float | None, now_us: int, counts: Counts) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= _TELL_EVERY_S:
            last_s = time.monotonic()
            flush()
            _say(done=done, at_us=now_us, samples=counts.samples)

    return progress


def _say(**said: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(1)


if __name__ == "__main__":
    os.nice(_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(main(Path(sys.argv[1]), os.environ["DATABASE_URL"]))
