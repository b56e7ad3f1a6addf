"""Two thousand data loggers, a packet a second each, through the whole service: all acknowledged, all stored."""

import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import psycopg

from deploy.bench.loggers import CODES, mn_of
from deploy.children import Child
from deploy.stack import Stack, children

_LOGGERS, _SECONDS = 2_000, 60
_LOGGERS_PER_ENTERPRISE = 100
_QUANTITIES = {
    "so2": ("sulfur_dioxide", "mg/m3"),
    "nox": ("nitrogen_oxides", "mg/m3"),
    "pm": ("particulates", "mg/m3"),
    "o2": ("oxygen", "%"),
    "flow": ("flow", "m3/s"),
}
#: Acknowledgements are due within the 10 s after which a logger sends again; half of that leaves room.
TARGET_P99_MS = 5_000.0


def park_of(loggers: int) -> dict[str, Any]:
    """The park file's data: every logger an outlet of its own, limits on all that it measures."""
    return {"id": "bench", "name": "bench", "enterprises": [_enterprise(first, loggers) for first in _firsts(loggers)]}


def _firsts(loggers: int) -> range:
    return range(0, loggers, _LOGGERS_PER_ENTERPRISE)


def _enterprise(first: int, loggers: int) -> dict[str, Any]:
    last = min(first + _LOGGERS_PER_ENTERPRISE, loggers)
    number = first // _LOGGERS_PER_ENTERPRISE
    return {"id": f"E{number:03d}", "name": f"E{number}", "sources": [_outlet(one) for one in range(first, last)]}


def _outlet(number: int) -> dict[str, Any]:
    def tag(code: str, name: str) -> dict[str, Any]:
        quantity, unit = _QUANTITIES[name]
        return {
            "id": name,
            "quantity": quantity,
            "unit": unit,
            "span": [0, 1000],
            "alarms": {"H": 200, "HH": 300, "deadband": 1},
            "stale_after": "60s",
            "from": {"connector": "hj212", "address": code},
        }

    return {
        "id": f"DA{number:05d}",
        "kind": "waste_gas_outlet",
        "position": [120.87, 30.15],
        "from": {"connector": "hj212", "device": mn_of(number)},
        "tags": [tag(code, name) for code, name in CODES.items()],
    }


async def measure(loggers: int, seconds: int) -> dict[str, Any]:
    """So many loggers for so long: what they sent, what was acknowledged, stored, lost, and how long it took."""
    with tempfile.TemporaryDirectory(prefix="parkwatch-bench-") as name:
        park_file = Path(name) / "park.json"
        await asyncio.to_thread(park_file.write_text, json.dumps(park_of(loggers)))
        # No history: these loggers have none.
        stack = Stack(park_file, hj212={"history": {"enabled": False}})
        try:
            async with AsyncExitStack() as up:
                await up.enter_async_context(stack.database())
                service = await stack.start_service()
                up.push_async_callback(stack.stop_service)
                await stack.connected()
                return await _measure(stack, service, up, loggers, seconds)
        finally:
            await stack.close()


async def _measure(stack: Stack, service: Child, up: AsyncExitStack, loggers: int, seconds: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    over = asyncio.Event()

    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "over":
            told.update(event)
            over.set()

    # On a whole second, with time for all to connect.
    start_us = (time.time_ns() // 1_000_000_000 + 5 + loggers // 400) * 1_000_000
    config = {"port": stack.logger_ports["hj212"], "loggers": loggers, "start_us": start_us, "seconds": seconds}
    file = stack.directory / "loggers.json"
    await asyncio.to_thread(file.write_text, json.dumps(config))
    load = Child("loggers", ["-m", "deploy.bench.loggers", str(file)], stack.directory / "loggers.log", on_event)
    await up.enter_async_context(children(load))
    process = psutil.Process(service.pid)
    cpu_before, began_s = _cpu_s(process), time.monotonic()
    await _until(over, load, seconds + 180)
    cpu = (_cpu_s(process) - cpu_before) / (time.monotonic() - began_s)
    await stack.drained(120.0)
    stored = await asyncio.to_thread(_stored, stack.dsn)
    sent = told["sent"]
    return {
        "loggers": loggers,
        "seconds": seconds,
        **{name: told[name] for name in ("sent", "acknowledged", "closed", "ack_p50_ms", "ack_p99_ms", "ack_max_ms")},
        "samples_sent": sent * len(CODES),
        "samples_stored": stored,
        "lost": sent * len(CODES) - stored,
        "samples_per_s": round(sent * len(CODES) / seconds),
        "service_cpu_cores": round(cpu, 2),
    }


async def _until(over: asyncio.Event, load: Child, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not over.is_set():
            load.check()
            await asyncio.sleep(0.2)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _stored(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM sample").fetchone()
    return int(row[0]) if row else 0


def run(seconds: int = _SECONDS, loggers: int = _LOGGERS) -> dict[str, object]:
    """See the module."""
    whole = asyncio.run(measure(loggers, seconds))
    lossless = whole["sent"] == whole["acknowledged"] == loggers * seconds and not whole["lost"] and not whole["closed"]
    return {
        "samples_per_s": whole["samples_per_s"],
        "ratio": round(whole["ack_p99_ms"] / TARGET_P99_MS, 3),
        "ratio_is": f"p99 of packet to 9014 of {loggers} loggers, against 5 s; less is better, none lost",
        "target": {"ratio": 1.0},
        "met": lossless and whole["ack_p99_ms"] <= TARGET_P99_MS,
        "run": whole,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
