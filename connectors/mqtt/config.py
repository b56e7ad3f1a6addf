"""What one MQTT connector is told beside the broker: what to subscribe to, whose it is, how payloads are read."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.codecs import CODECS
from connectors.mqtt.broker import BrokerConfig, Part, Tls
from park.model import Id

__all__ = ["MqttConfig", "Tls", "Topic"]


class Topic(Part):
    """One subscription and how its payloads are read."""

    filter: str = Field(min_length=1, max_length=1000)
    codec: str = "json"

    @field_validator("filter")
    @classmethod
    def _valid(cls, text: str) -> str:
        if text.startswith("$share/"):
            raise ValueError(f"{text!r}: give the filter without $share/ and set shared_group")
        levels = text.split("/")
        for place, level in enumerate(levels):
            misplaced = "#" in level and (level != "#" or place != len(levels) - 1)
            if misplaced or ("+" in level and level != "+") or "\0" in level:
                raise ValueError(f"{text!r} is not a topic filter; + stands for one whole level, # for all at the end")
        return text

    @field_validator("codec")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in CODECS:
            raise ValueError(f"codec {name!r} is not known; known: {', '.join(sorted(CODECS))}")
        return name


def _bare_filter(value: object) -> object:
    return {"filter": value} if isinstance(value, str) else value


class MqttConfig(BrokerConfig):
    """One broker, and what enterprises publish to it."""

    kind: Literal["mqtt"]
    topics: tuple[Annotated[Topic, BeforeValidator(_bare_filter)], ...] = Field(
        default=(Topic(filter="parkwatch/v1/+/#"),), min_length=1
    )
    #: Share the subscription with the other members of this group. Loses the order of one device's samples.
    shared_group: str | None = Field(default=None, pattern=r"^[^/+#\x00]+$")
    #: Which level of the topic, counted from 0, holds the enterprise: in ``parkwatch/v1/E001/x`` it is 2.
    enterprise_level: int = Field(default=2, ge=0)
    #: The enterprise of all topics, on a broker that belongs to one enterprise.
    enterprise: Id | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({topic.filter for topic in self.topics}) != len(self.topics):
            raise ValueError("two topics have the same filter")
        return self

    @property
    def filters(self) -> tuple[str, ...]:
        """See `BrokerConfig`."""
        return tuple(topic.filter for topic in self.topics)

    def subscription(self, wanted: str) -> str:
        """See `BrokerConfig`."""
        return f"$share/{self.shared_group}/{wanted}" if self.shared_group else wanted
