"""What arrived, made into one batch and its dead letters: whose topic it is, what its payload holds, what it means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from connectors.base import DeviceHealth
from connectors.codecs.base import Refusal, Rows
from connectors.mqtt.events import Arrived
from connectors.mqtt.inbound import Decoded, too_large
from connectors.sparkplug.addresses import Addresses
from connectors.sparkplug.book import Book
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.envelope import BadPayload, open_payload
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.metrics import Refusals
from connectors.sparkplug.roll import Roll
from connectors.sparkplug.state import says_offline
from connectors.sparkplug.topic import Kind, NotSparkplug, Topic, parse_topic
from park.batch import DeadLetter
from park.index import TagTable

_log = structlog.get_logger(__name__)

#: Of one message. A mebibyte may hold ten times as many that say nothing, and would keep a core busy for a second.
_MOST_METRICS = 50_000
#: Topics whose route is remembered. A sender that makes up topics must not make us grow.
_MAX_ROUTES = 20_000


@dataclass(frozen=True, slots=True)
class _Route:
    """What a topic means, or why that is not known."""

    address: str
    topic: Topic | None
    enterprise: str = ""
    refusal: Refusal | None = None


class Reader:
    """Sorts by topic, unpacks, hands to the book, quarantines."""

    def __init__(
        self, config: SparkplugConfig, tags: TagTable, marks: Marks, meet: Callable[[str, DeviceHealth], object]
    ) -> None:
        """``meet``: see `Roll`. Raises ValueError where a group's enterprise is none of the park's."""
        self._config = config
        addresses = Addresses(tags, config.id)
        for group, enterprise in config.enterprise_of.items():
            if enterprise not in addresses.enterprises:
                raise ValueError(
                    f"connector {config.id}: enterprise_of: group {group!r} is given to {enterprise!r}, which is no "
                    f"enterprise of the park; the park has {', '.join(sorted(addresses.enterprises))}"
                )
        self._enterprise_of = dict(config.enterprise_of) or {one: one for one in addresses.enterprises}
        self._marks = marks
        self.roll = Roll(config, addresses, meet)
        self.book = Book(config, self.roll, marks)
        self._routes: dict[bytes, _Route] = {}
        #: Somebody else (or our own last will, late) told edge nodes that we are away.
        self.denied = False

    def read(self, messages: Iterable[Arrived], received_us: int) -> Decoded:
        """Raises nothing for what messages hold."""
        rows = Rows()
        letters: list[DeadLetter] = []
        retained = 0
        for one in messages:
            if one.retain:
                retained += 1
                continue
            route = self._routes.get(one.topic) or self._find_route(one.topic)
            letters += [self._letter(one, route, why, received_us) for why in self._one(one, route, rows, received_us)]
        return self.finish(rows, received_us, letters, retained)

    def finish(self, rows: Rows, now_us: int, letters: list[DeadLetter], retained: int = 0) -> Decoded:
        """The rows as a batch, whose times are remembered."""
        batch = rows.batch(received_us=now_us, origin=self._config.id)
        self._marks.learn(batch, now_us)
        return Decoded(batch, letters, retained)

    def _one(self, one: Arrived, route: _Route, rows: Rows, now_us: int) -> list[Refusal]:
        topic = route.topic
        if route.refusal is not None or topic is None:
            return [route.refusal or Refusal("bad_topic", "no route")]
        if topic.kind is Kind.STATE:
            self.denied = self.denied or says_offline(one.payload, self._config.state_form)
            return []
        if one.payload_bytes > self._config.max_message_bytes or one.payload_bytes != len(one.payload):
            return [too_large(one, self._config.max_message_bytes)]
        refusals = Refusals()
        try:
            payload = open_payload(one.payload, self._config.max_message_bytes)
            if len(payload.metrics) > _MOST_METRICS:
                return [_too_many(len(payload.metrics))]
            self.book.hear(topic, route.enterprise, payload, rows, refusals, now_us)
        except BadPayload as error:
            return [Refusal(*error.args)]
        except Exception as error:  # a payload that finds a gap in our care must not stop the rest
            _log.exception("A payload could not be read.", connector=self._config.id, topic=route.address)
            return [*refusals.all(), Refusal("codec_failed", f"{type(error).__name__}: {error}")]
        return refusals.all()

    def _find_route(self, topic: bytes) -> _Route:
        if len(self._routes) >= _MAX_ROUTES:
            self._routes.clear()
        route = self._routes[topic] = self._new_route(topic)
        return route

    def _new_route(self, raw: bytes) -> _Route:
        address = raw.decode("utf-8", "backslashreplace")
        try:
            topic = parse_topic(address)
        except NotSparkplug as error:
            return _Route(address, None, refusal=Refusal("unexpected_topic", str(error)))
        enterprise = self._enterprise_of.get(topic.group, "")
        if topic.kind is not Kind.STATE and not enterprise:
            detail = f"group {topic.group[:64]!r} is given to no enterprise; add it to enterprise_of, or correct it"
            return _Route(address, topic, refusal=Refusal("unknown_enterprise", detail))
        return _Route(address, topic, enterprise)

    def _letter(self, one: Arrived, route: _Route, refusal: Refusal, received_us: int) -> DeadLetter:
        return DeadLetter(
            origin=self._config.id,
            received_us=received_us,
            reason=refusal.reason,
            detail=refusal.detail,
            raw=one.payload,
            address=route.address,
            enterprise=route.enterprise,
        )


def _too_many(count: int) -> Refusal:
    return Refusal("too_many_metrics", f"{count} metrics in a message; send {_MOST_METRICS} at most")
