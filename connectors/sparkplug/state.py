"""What a primary host says of itself (STATE), and what it tells edge nodes to do (NCMD)."""

from typing import Literal

import orjson

from connectors.mqtt.events import Message
from connectors.sparkplug.payload_pb2 import Metric, Payload
from connectors.sparkplug.topic import NAMESPACE, command_topic
from connectors.sparkplug.values import DataType

StateForm = Literal["3.0", "2.2"]

REBIRTH = "Node Control/Rebirth"


def state_topic(host_id: str, form: StateForm) -> str:
    """Of a host."""
    return f"{NAMESPACE}/STATE/{host_id}" if form == "3.0" else f"STATE/{host_id}"


def state_message(host_id: str, form: StateForm, *, online: bool, time_us: int) -> Message:
    """Birth or death of a host: QoS 1, retained (specification 3.0.0, 4.3; 2.2, chapter 9)."""
    if form == "3.0":
        payload = orjson.dumps({"online": online, "timestamp": time_us // 1000})
    else:
        payload = b"ONLINE" if online else b"OFFLINE"
    return Message(state_topic(host_id, form), payload, qos=1, retain=True)


def says_offline(payload: bytes, form: StateForm) -> bool:
    """Whether a STATE message denies that its host is there."""
    if form == "2.2":
        return payload == b"OFFLINE"
    try:
        said = orjson.loads(payload)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("online") is False


def rebirth_command(group: str, edge: str, time_us: int) -> Message:
    """Ask an edge node for its births, and those of its devices: QoS 0, not retained."""
    metric = Metric(name=REBIRTH, timestamp=time_us // 1000, datatype=DataType.BOOLEAN, boolean_value=True)
    payload = Payload(timestamp=time_us // 1000, metrics=[metric])
    return Message(command_topic(group, edge), payload.SerializeToString())
