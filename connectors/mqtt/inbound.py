"""What arrived, made into one batch and its dead letters. No I/O and no waiting: a function of messages and park."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from connectors.base import RawFrame
from connectors.codecs import CODECS
from connectors.codecs.base import Codec, Heard, Refusal, Rows
from connectors.codecs.names import Names, names_by_enterprise
from connectors.mqtt.config import MqttConfig
from connectors.mqtt.events import Arrived
from connectors.mqtt.stream import KEPT_BYTES
from park.batch import DeadLetter, SampleBatch
from park.index import TagTable
from park.periods import PeriodBatch

_log = structlog.get_logger(__name__)

#: Topics whose route is remembered. A sender that makes up topics must not make us grow.
_MAX_ROUTES = 20_000


@dataclass(frozen=True, slots=True)
class _Route:
    """What a topic means: whose tags may appear, and how payloads are read; or why neither is known."""

    topic: str
    names: Names | None
    codec: Codec | None
    refusal: Refusal | None = None


@dataclass(slots=True)
class Decoded:
    """Everything of one lot of messages."""

    batch: SampleBatch
    letters: list[DeadLetter] = field(default_factory=list)
    #: Messages that were not live data.
    retained: int = 0
    periods: PeriodBatch | None = None
    frames: list[RawFrame] = field(default_factory=list)
    #: (enterprise, device) -> what was heard of it.
    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing to be kept."""
        return not (len(self.batch) or self.letters or self.frames or self.periods is not None)


def too_large(one: Arrived, limit: int) -> Refusal:
    """Why a message of more than so many bytes is not read."""
    return Refusal(
        "too_large",
        f"{one.payload_bytes} bytes, and max_message_bytes is {limit}; send smaller messages. "
        f"The first {KEPT_BYTES} bytes are kept.",
    )


class Inbound:
    """Sorts by topic, decodes, quarantines."""

    def __init__(self, config: MqttConfig, tags: TagTable) -> None:
        self._config = config
        self._names = names_by_enterprise(tags, config.id)
        if config.enterprise is not None and config.enterprise not in self._names:
            raise ValueError(f"connector {config.id}: the park has no enterprise {config.enterprise!r}")
        codecs = {name: build() for name, build in CODECS.items()}
        self._codecs = [(topic.filter.split("/"), codecs[topic.codec]) for topic in config.topics]
        self._routes: dict[bytes, _Route] = {}

    def decode(self, messages: Iterable[Arrived], received_us: int) -> Decoded:
        """Raises nothing for what messages hold."""
        rows = Rows()
        letters: list[DeadLetter] = []
        retained = 0
        for one in messages:
            if one.retain:
                retained += 1
                continue
            for names, refusal in self._decode_one(one, rows):
                letters.append(self._letter(one, names, refusal, received_us))
        return Decoded(
            rows.batch(received_us=received_us, origin=self._config.id),
            letters,
            retained,
            rows.period_batch(),
            rows.frames,
            rows.heard,
        )

    def _decode_one(self, one: Arrived, rows: Rows) -> list[tuple[Names | None, Refusal]]:
        route = self._routes.get(one.topic) or self._find_route(one.topic)
        if route.refusal is not None or route.codec is None or route.names is None:
            return [(route.names, route.refusal or Refusal("bad_topic", "no route"))]
        if one.payload_bytes > self._config.max_message_bytes or one.payload_bytes != len(one.payload):
            return [(route.names, too_large(one, self._config.max_message_bytes))]
        try:
            refusals = route.codec.decode(one.payload, route.topic, route.names, rows)
        except Exception as error:  # codecs promise not to; a payload that finds a gap in that must not stop the rest
            _log.exception("A codec failed.", connector=self._config.id, topic=route.topic)
            refusals = [Refusal("codec_failed", f"{type(error).__name__}: {error}")]
        return [(route.names, refusal) for refusal in refusals] if refusals else []

    def _find_route(self, topic: bytes) -> _Route:
        if len(self._routes) >= _MAX_ROUTES:
            self._routes.clear()
        route = self._routes[topic] = self._new_route(topic)
        return route

    def _new_route(self, raw: bytes) -> _Route:
        topic = raw.decode("utf-8", "backslashreplace")
        levels = topic.split("/")
        codec = next((codec for wanted, codec in self._codecs if matches(wanted, levels)), None)
        enterprise = self._config.enterprise or _level(levels, self._config.enterprise_level)
        names = self._names.get(enterprise)
        if codec is None:
            detail = "no filter in topics matches; an old subscription lives on in the session, change client_id"
            return _Route(topic, names, None, Refusal("unexpected_topic", detail))
        if names is None:
            at = self._config.enterprise_level
            detail = f"level {at} of the topic is {enterprise[:64]!r}, which is no enterprise of the park"
            return _Route(topic, None, codec, Refusal("unknown_enterprise", detail))
        return _Route(topic, names, codec)

    def _letter(self, one: Arrived, names: Names | None, refusal: Refusal, received_us: int) -> DeadLetter:
        return DeadLetter(
            origin=self._config.id,
            received_us=received_us,
            reason=refusal.reason,
            detail=refusal.detail,
            raw=one.payload,
            address=one.topic.decode("utf-8", "backslashreplace"),
            enterprise=names.enterprise if names else "",
        )


def matches(wanted: list[str], levels: list[str]) -> bool:
    """Whether a topic filter takes a topic (MQTT 5, 4.7), both split into levels."""
    if levels[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def _level(levels: list[str], at: int) -> str:
    return levels[at] if at < len(levels) else ""
