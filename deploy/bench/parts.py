"""The parts of the benchmark in one table, run one after the other; the machine they ran on."""

import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

#: Each is a module of this package with ``run() -> dict``: ``samples_per_s``, ``ratio``, what the ratio is, the target.
PARTS = (
    "store",
    "engine",
    "kinds",
    "opcua",
    "mqtt",
    "sparkplug",
    "push",
    "hj212_decode",
    "hj212",
    "e2e",
    "live",
    "page",
    "timeline",
    "reload",
    "backtest",
    "judgement",
    "tracing",
)


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def run_parts(parts: tuple[str, ...], began: Callable[[str], None]) -> Iterator[tuple[str, dict[str, object]]]:
    """(part, figures); ``began`` is told of each before it starts. A part that fails says so in ``error``."""
    for part in parts:
        began(part)
        try:
            yield part, importlib.import_module(f"deploy.bench.{part}").run()
        except Exception as error:
            print(f"{part}: {type(error).__name__}: {error}", file=sys.stderr)
            yield part, {"error": f"{type(error).__name__}: {error}"}
