"""What a Sparkplug topic says (specification 3.0.0, 4.1): ``spBv1.0/group/TYPE/edge node[/device]``."""

from enum import StrEnum
from typing import NamedTuple

NAMESPACE = "spBv1.0"


class Kind(StrEnum):
    """Type of a message that a host reads."""

    NBIRTH = "NBIRTH"
    DBIRTH = "DBIRTH"
    NDATA = "NDATA"
    DDATA = "DDATA"
    NDEATH = "NDEATH"
    DDEATH = "DDEATH"
    STATE = "STATE"

    @property
    def of_device(self) -> bool:
        """Whether the topic names a device."""
        return self.value[0] == "D"


class Topic(NamedTuple):
    """A topic taken apart."""

    kind: Kind
    group: str
    edge: str
    #: Empty where the message is the edge node's own.
    device: str


class NotSparkplug(ValueError):
    """The topic is none of ours."""


def parse_topic(text: str) -> Topic:
    """Raises NotSparkplug saying why. A STATE topic, of either form, has no group and the host's id as ``edge``."""
    levels = text.split("/")
    if levels[-2:-1] == ["STATE"] and levels[:-2] in ([], [NAMESPACE]):
        return Topic(Kind.STATE, "", levels[-1], "")
    if levels[0] != NAMESPACE or len(levels) not in (4, 5) or not all(levels):
        raise NotSparkplug(f"{text[:200]!r} is not of the form {NAMESPACE}/group/TYPE/edge[/device]")
    try:
        kind = Kind(levels[2])
    except ValueError:
        raise NotSparkplug(f"{levels[2][:40]!r} is no message type that a host reads") from None
    if kind is Kind.STATE or kind.of_device != (len(levels) == 5):
        raise NotSparkplug(f"{text[:200]!r}: {kind} {'needs' if kind.of_device else 'has no'} device in the topic")
    return Topic(kind, levels[1], levels[3], levels[4] if kind.of_device else "")


def command_topic(group: str, edge: str) -> str:
    """Where an edge node listens."""
    return f"{NAMESPACE}/{group}/NCMD/{edge}"
