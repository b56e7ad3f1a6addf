"""What one Sparkplug connector is told beside the broker: whose each group is, and how patient to be."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from connectors.mqtt.broker import BrokerConfig
from connectors.sparkplug.state import StateForm, state_topic
from connectors.sparkplug.topic import NAMESPACE, Kind
from park.duration import DurationUs
from park.model import Id

_S_US = 1_000_000
#: One level of a topic.
_Level = Annotated[str, StringConstraints(pattern=r"^[^/+#\x00]{1,128}$")]


class SparkplugConfig(BrokerConfig):
    """One broker with edge nodes (边缘节点) behind it."""

    kind: Literal["sparkplug"]
    #: Group id -> enterprise. Empty: a group is called as its enterprise is.
    enterprise_of: Mapping[_Level, Id] = Field(default_factory=dict)
    #: False: only the groups above are subscribed to, on a broker where others are none of our business. True: a group
    #: that no enterprise has is seen, as dead letters.
    all_groups: bool = True
    #: Our name as primary host (主控主机): edge nodes that wait for it keep their data while we are away. None: none.
    host_id: _Level | None = None
    #: How that is told: ``3.0`` (JSON below spBv1.0/STATE) or ``2.2`` (the words ONLINE and OFFLINE below STATE).
    state_form: StateForm = "3.0"
    #: 0: as the specification wants it, the broker forgets us when we go; edge nodes keep the data themselves. More:
    #: it queues what they publish with QoS 1.
    session_expiry: DurationUs = Field(default=0, ge=0)
    #: How long a message may be overtaken by others before its absence is a gap (the specification's Reorder Timeout).
    reorder_timeout: DurationUs = Field(default=_S_US, ge=0)
    #: Pause after the first request for rebirth; doubles up to the second, and starts anew after a good while.
    rebirth_first: DurationUs = Field(default=5 * _S_US, gt=0)
    rebirth_max: DurationUs = Field(default=300 * _S_US, gt=0)
    #: After connecting, the edge nodes of the park file have so long to be born by themselves before they are asked to.
    birth_wait: DurationUs = Field(default=3 * _S_US, ge=0)
    #: A device that is not born so long after its edge node is away.
    device_birth_timeout: DurationUs = Field(default=15 * _S_US, gt=0)
    #: Without a broker for so long, or not heard of for so long after connecting: tags are marked bad.
    mark_after: DurationUs = Field(default=60 * _S_US, gt=0)
    #: Take metrics that are marked as transient, which the sender does not want to be stored.
    store_transient: bool = False

    @model_validator(mode="after")
    def _groups_known(self) -> Self:
        if not self.all_groups and not self.enterprise_of:
            raise ValueError("all_groups is false and enterprise_of is empty: nothing would be subscribed to")
        if self.rebirth_max < self.rebirth_first:
            raise ValueError("rebirth_max is shorter than rebirth_first")
        return self

    @property
    def filters(self) -> tuple[str, ...]:
        """Births, deaths and data; commands are for edge nodes, not for us."""
        groups = ("+",) if self.all_groups else tuple(self.enterprise_of)
        kinds = [kind for kind in Kind if kind is not Kind.STATE]
        wanted = [f"{NAMESPACE}/{group}/{kind}/+{'/+' if kind.of_device else ''}" for group in groups for kind in kinds]
        if self.host_id is not None:
            wanted.append(state_topic(self.host_id, self.state_form))
        return tuple(wanted)
