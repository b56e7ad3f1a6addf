"""How fast the OPC UA connector is: a real server in its own process, an intake that returns at once.

Beside it, in the same run and on the same server, asyncua's ordinary way: a handler that is called for each change.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node

from connectors.base import Context
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.connector import OpcUaConnector
from deploy.bench.opcua_server import address, serving
from park.batch import DeadLetter, SampleBatch
from park.index import TagTable
from park.model import Park

_TAGS = 5_000
_EVERY_S = 0.5
_PUBLISH_MS = 500
_QUEUE = 4
_ITEMS_PER_CALL = 1_000
_WARM_S = 2.0
#: asyncua's handler against asyncua's own raw callback is 2.6; a decoder of columns must be clearly above.
_TARGET_RATIO = 10.0


def run(seconds: float = 10.0) -> dict[str, object]:
    """Samples a second, client CPU for each, what was lost; and how many times the CPU a handler needs."""
    with serving(_TAGS, _EVERY_S) as endpoint:
        ours = asyncio.run(_measured(_connector, endpoint, seconds / 2))
        handler = asyncio.run(_measured(_handler, endpoint, seconds / 2))
    ratio = handler["cpu_us_per_sample"] / ours["cpu_us_per_sample"]
    return {
        **ours,
        "tags": _TAGS,
        "handler": handler,
        "ratio": round(ratio, 1),
        "ratio_is": "CPU for a sample of asyncua's own handler against ours, same server, same run; more is better",
        "target": {"ratio": _TARGET_RATIO},
        "met": ratio >= _TARGET_RATIO and not ours["lost"],
    }


class _Seen:
    """How often each tag came, and from which round to which: the rounds are its values, so a hole shows."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.count = np.zeros(_TAGS, np.int64)
        self.first = np.full(_TAGS, np.inf)
        self.last = np.full(_TAGS, -np.inf)

    def lost(self) -> int:
        """Rounds between the first and the last of a tag that never came."""
        seen = self.count > 0
        return int((self.last[seen] - self.first[seen] + 1 - self.count[seen]).sum())


class _Intake:
    """Keeps nothing."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = (), **_: object) -> None:
        assert not letters, letters[0]
        np.add.at(self._seen.count, batch.tag, 1)
        np.minimum.at(self._seen.first, batch.tag, batch.value)
        np.maximum.at(self._seen.last, batch.tag, batch.value)


class _Handler:
    """What asyncua calls for each change."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    def datachange_notification(self, node: Node, value: float, data: object) -> None:
        number = int(str(node.nodeid.Identifier)[1:])
        self._seen.count[number] += 1
        self._seen.first[number] = min(self._seen.first[number], value)
        self._seen.last[number] = max(self._seen.last[number], value)


async def _measured(
    subscribe: Callable[[str, _Seen], Awaitable[Callable[[], Awaitable[None]]]], endpoint: str, seconds: float
) -> dict[str, float]:
    seen = _Seen()
    stop = await subscribe(endpoint, seen)
    while not seen.count.all():
        await asyncio.sleep(0.05)
    await asyncio.sleep(_WARM_S)
    seen.clear()
    cpu_s, at_s = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    cpu_us, elapsed_s = (time.process_time() - cpu_s) * 1e6, time.perf_counter() - at_s
    count, lost = int(seen.count.sum()), seen.lost()
    await stop()
    return {
        "samples_per_s": round(count / elapsed_s),
        "cpu_us_per_sample": round(cpu_us / max(count, 1), 2),
        "lost": lost,
    }


async def _connector(endpoint: str, seen: _Seen) -> Callable[[], Awaitable[None]]:
    config = OpcUaConfig.model_validate(
        {
            "id": "bench",
            "kind": "opcua",
            "endpoint": endpoint,
            "publish_every": f"{_PUBLISH_MS}ms",
            "queue_size": _QUEUE,
        }
    )
    context = Context(
        tags=TagTable(_park()), intake=_Intake(seen), clock=lambda: time.time_ns() // 1_000, on_gap=lambda gap: None
    )
    task = asyncio.create_task(OpcUaConnector(config, context).run())

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


async def _handler(endpoint: str, seen: _Seen) -> Callable[[], Awaitable[None]]:
    client = Client(endpoint, watchdog_intervall=10.0)
    await client.connect()
    params = ua.CreateSubscriptionParameters()
    params.RequestedPublishingInterval = _PUBLISH_MS
    params.RequestedLifetimeCount, params.RequestedMaxKeepAliveCount = 240, 20
    subscription = await client.create_subscription(params, _Handler(seen))
    nodes = [client.get_node(address(number)) for number in range(_TAGS)]
    for first in range(0, _TAGS, _ITEMS_PER_CALL):
        await subscription.subscribe_data_change(nodes[first : first + _ITEMS_PER_CALL], queuesize=_QUEUE)
    return client.disconnect


def _park() -> Park:
    sources = [{"connector": "bench", "address": address(number)} for number in range(_TAGS)]
    tags = [{"id": f"T{n}", "quantity": "level", "unit": "m", "from": one} for n, one in enumerate(sources)]
    source = {"id": "S", "kind": "unit", "position": [120.9, 30.1], "tags": tags}
    return Park.model_validate({"id": "park", "name": "bench", "sources": [source]})
