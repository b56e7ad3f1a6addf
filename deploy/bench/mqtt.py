"""How fast the MQTT connector is: a real broker, a publisher in its own process, an intake that returns at once."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from connectors.base import Context, State
from connectors.mqtt import MqttConfig, MqttConnector
from connectors.mqtt.config import Topic
from deploy.bench.mqtt_publisher import publishing
from deploy.embedded import EmbeddedBroker
from park.batch import DeadLetter, SampleBatch
from park.index import TagTable
from park.model import Park

_TAGS = 100
_SAMPLES = 100
_TOPIC = "parkwatch/v1/E001/bench"
_EPOCH_MS = 1_795_323_600_000
_PAYLOADS = 1000
_WARM_S = 0.5


def run(seconds: float = 10.0) -> dict[str, object]:
    """Samples a second and client CPU for each, by form of the payload; the first beside bare paho."""
    forms = {"single": _single(), "values_100": _values(), "columns_100": _columns(), "samples_100": _samples()}
    share_s = seconds / (len(forms) + 1)
    directory = Path(tempfile.mkdtemp(prefix="parkwatch-bench-"))
    directory.chmod(0o711)
    broker = EmbeddedBroker(directory / "broker")
    try:
        with broker:
            bare = _bare_paho(broker, forms["single"], share_s)
            ours = {
                name: asyncio.run(_connector(broker, f"bench-{name.replace('_', '-')}", payloads, share_s))
                for name, payloads in forms.items()
            }
    finally:
        broker.destroy()
    # Against a bare client the fair measure is CPU: the rate also depends on how the cores are shared out.
    ratio = bare["cpu_us_per_sample"] / ours["single"]["cpu_us_per_sample"]
    return {
        "samples_per_s": {name: figures["samples_per_s"] for name, figures in ours.items()},
        "cpu_us_per_sample": {name: figures["cpu_us_per_sample"] for name, figures in ours.items()},
        "bare_paho_single": bare,
        "ratio": round(ratio, 2),
        "ratio_is": "CPU of bare paho for a single-sample message against ours, decoding included; more is better",
        "target": {"ratio": 1.0},
        "met": ratio >= 1.0,
    }


class _Counting:
    """An intake that keeps nothing."""

    def __init__(self) -> None:
        self.samples = 0

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = (), **_: object) -> None:
        assert not letters, letters[0]
        self.samples += len(batch)


async def _connector(broker: EmbeddedBroker, name: str, payloads: list[bytes], seconds: float) -> dict[str, float]:
    intake = _Counting()
    topic = f"{_TOPIC}/{name}"  # of its own, and a name of its own: what another left in its queue must not count
    config = MqttConfig(
        id="bench", kind="mqtt", host=broker.host, port=broker.port, client_id=name, topics=(Topic(filter=topic),)
    )
    context = Context(
        tags=TagTable(_park()), intake=intake, clock=lambda: time.time_ns() // 1000, on_gap=lambda gap: None
    )
    connector = MqttConnector(config, context)
    task = asyncio.create_task(connector.run())
    await _until(lambda: connector.health.state is State.CONNECTED)
    with publishing(broker.host, broker.port, topic, payloads):
        await _until(lambda: intake.samples > 0)
        await asyncio.sleep(_WARM_S)
        began = _Reading(intake.samples)
        await asyncio.sleep(seconds)
        figures = began.until(intake.samples)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return figures


def _bare_paho(broker: EmbeddedBroker, payloads: list[bytes], seconds: float) -> dict[str, float]:
    """The least a paho client can do: take a message, acknowledge it."""
    received = 0

    def on_message(client: Client, _: object, message: MQTTMessage) -> None:
        nonlocal received
        received += 1
        client.ack(message.mid, message.qos)

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe(_TOPIC, qos=1)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = 1000
    client.connect(broker.host, broker.port, properties=properties)
    client.loop_start()
    with publishing(broker.host, broker.port, _TOPIC, payloads):
        _wait_until(lambda: received > 0)
        time.sleep(_WARM_S)
        began = _Reading(received)
        time.sleep(seconds)
        figures = began.until(received)
    client.disconnect()
    client.loop_stop()
    return figures


class _Reading:
    """Clock, CPU of this process and samples, at one moment."""

    def __init__(self, samples: int) -> None:
        self._samples, self._cpu_s, self._at_s = samples, time.process_time(), time.perf_counter()

    def until(self, samples: int) -> dict[str, float]:
        """What happened since."""
        count = samples - self._samples
        cpu_us = (time.process_time() - self._cpu_s) * 1e6
        elapsed_s = time.perf_counter() - self._at_s
        return {
            "samples_per_s": round(count / elapsed_s),
            "cpu_us_per_sample": round(cpu_us / max(count, 1), 2),
            "cpu_share": round(cpu_us / 1e6 / elapsed_s, 2),
        }


async def _until(true: Callable[[], bool]) -> None:
    await asyncio.to_thread(_wait_until, true)


def _wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.01)


def _park() -> Park:
    tags = [{"id": f"T{n}", "quantity": "level", "unit": "m"} for n in range(_TAGS)]
    source = {"id": "S", "kind": "unit", "position": [120.9, 30.1], "from": {"connector": "bench"}, "tags": tags}
    enterprise = {"id": "E001", "name": "bench", "sources": [source]}
    return Park.model_validate({"id": "park", "name": "bench", "enterprises": [enterprise]})


def _single() -> list[bytes]:
    return [
        _encoded({"tag": f"S.T{n % _TAGS}", "t": _EPOCH_MS + n, "v": n * 0.5, "q": "good"}) for n in range(_PAYLOADS)
    ]


def _values() -> list[bytes]:
    return [
        _encoded({"t": _EPOCH_MS + n, "values": {f"S.T{tag}": n * 0.5 + tag for tag in range(_TAGS)}})
        for n in range(_PAYLOADS)
    ]


def _columns() -> list[bytes]:
    return [
        _encoded(
            {
                "tag": f"S.T{n % _TAGS}",
                "t": [_EPOCH_MS + n * _SAMPLES + k for k in range(_SAMPLES)],
                "v": [n + k * 0.5 for k in range(_SAMPLES)],
            }
        )
        for n in range(_PAYLOADS)
    ]


def _samples() -> list[bytes]:
    return [
        _encoded(
            {
                "samples": [
                    {"tag": f"S.T{tag}", "t": _EPOCH_MS + n, "v": n * 0.5 + tag, "q": "good"} for tag in range(_TAGS)
                ]
            }
        )
        for n in range(_PAYLOADS)
    ]


def _encoded(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
