"""All edge nodes and devices of one connector: births, deaths, gaps, and what is to be done about them.

No I/O and no clock: a function of the messages, in order, and of the times that are passed in (epoch microseconds).
"""

from connectors.codecs.base import Rows
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.metrics import Reading, Refusals
from connectors.sparkplug.party import Life, Node, Party
from connectors.sparkplug.payload_pb2 import Payload
from connectors.sparkplug.roll import MOST_PARTIES, TRIES, Roll
from connectors.sparkplug.sequence import Step
from connectors.sparkplug.topic import Kind, Topic

_BD_SEQ = "bdSeq"
#: A birth so soon after a death of the same session may have been overtaken by it, and is to be confirmed.
_OVERTAKEN_US = 1_000_000
#: A device's clock is taken to be ahead by no more when its death is dated.
_MOST_AHEAD_US = 30_000_000
_DAY_US = 86_400_000_000


class Book:
    """See the module."""

    def __init__(self, config: SparkplugConfig, roll: Roll, marks: Marks) -> None:
        self._config = config
        self.roll = roll
        self._marks = marks
        #: After connecting, who has not been heard until then is not there; None: that has been settled.
        self._unheard_until_us: int | None = None
        self.reading = Reading(store_transient=config.store_transient, revive=marks.revive)

    # --- what is heard

    def hear(
        self, topic: Topic, enterprise: str, payload: Payload, rows: Rows, refusals: Refusals, now_us: int
    ) -> None:
        """One message, in the order of arrival. Appends samples; refuses what cannot be used."""
        node = self.roll.node(topic.group, topic.edge, enterprise)
        party: Party | None = node
        if node is not None and topic.device:
            party = self.roll.device(node, topic.device)
        if node is None or party is None:
            refusals.add("too_many_devices", f"{enterprise} has more than {MOST_PARTIES} edge nodes and devices")
            return
        before = len(rows)
        self._seen(node, party, topic.kind, payload, now_us)
        if topic.kind is Kind.NBIRTH:
            self._node_birth(node, payload, rows, refusals, now_us)
        elif topic.kind is Kind.NDEATH:
            self._node_death(node, payload, rows, now_us)
        else:
            self._step(node, payload, now_us)
            if topic.kind is Kind.DBIRTH:
                self._device_birth(node, party, payload, rows, refusals, now_us)
            elif topic.kind is Kind.DDEATH:
                self._device_death(node, party, payload, rows, now_us)
            else:
                self._data(node, party, payload, rows, refusals, now_us)
        party.health.received += len(rows) - before

    def _seen(self, node: Node, party: Party, kind: Kind, payload: Payload, now_us: int) -> None:
        for one in (node, party) if node is not party else (node,):
            one.health.messages += 1
            one.health.last_received_us = now_us
        if kind is not Kind.NDEATH:  # which was written when its session began
            node.doubted_until_us = None
            ahead_us = payload.timestamp * 1000 - now_us
            if payload.timestamp and abs(ahead_us) < _DAY_US:
                node.ahead_us = ahead_us
                node.health.clock_ahead_s = party.health.clock_ahead_s = ahead_us / 1e6

    def _step(self, node: Node, payload: Payload, now_us: int) -> None:
        if not payload.HasField("seq"):
            node.note("no_seq")
            return
        before = node.sequence.last
        step = node.sequence.step(payload.seq)
        if step is Step.GAP:
            node.note("seq_gap")
            node.health.last_error = f"sequence gap: {payload.seq} after {before}"
            if node.gap_due_us is None:
                node.gap_due_us = now_us + self._config.reorder_timeout
        elif step is not Step.NEXT:
            node.note("repeated" if step is Step.AGAIN else "out_of_order")
            if node.sequence.is_whole:
                node.gap_due_us = None

    def _node_birth(self, node: Node, payload: Payload, rows: Rows, refusals: Refusals, now_us: int) -> None:
        if payload.seq != 0 or not payload.HasField("seq"):
            node.note("birth_without_seq_0")
        bd_seq = _bd_seq(payload)
        if bd_seq is None:
            node.note("no_bdseq")
        is_new = node.life is not Life.BORN or bd_seq != node.bd_seq
        node.health.reconnects += is_new and node.health.connected_us > 0
        node.sequence.begin(payload.seq)
        node.gap_due_us = None
        node.rebirth.settle()
        self._born(node, node, payload, rows, refusals, now_us)
        node.bd_seq = bd_seq
        for device in node.devices.values():
            # A device's birth that has overtaken its edge node's is no older than that.
            if device.life is Life.BORN and device.born_ms < payload.timestamp:
                device.life = Life.AWAITED
                device.forget()
        if any(one.life in (Life.AWAITED, Life.UNKNOWN) for one in node.devices.values()):
            node.awaited_until_us = now_us + self._config.device_birth_timeout
        if bd_seq is not None and bd_seq == node.dead_bd_seq and now_us - node.died_us < _OVERTAKEN_US:
            node.doubted_until_us = now_us + self._config.rebirth_first
            node.rebirth.want(now_us, "its birth came right after the death of the same session")

    def _device_birth(
        self, node: Node, device: Party, payload: Payload, rows: Rows, refusals: Refusals, now_us: int
    ) -> None:
        if node.life is not Life.BORN:
            device.note("birth_before_edge_node")
            node.rebirth.want(now_us, f"{device.name} was born before its edge node", after_us=_OVERTAKEN_US)
        self._born(node, device, payload, rows, refusals, now_us)

    def _born(self, node: Node, party: Party, payload: Payload, rows: Rows, refusals: Refusals, now_us: int) -> None:
        self.reading.birth(party, payload, rows, refusals, room=self.roll.room(node, party))
        party.life, party.shows = Life.BORN, True
        party.health.connected, party.health.connected_us = True, now_us

    def _data(self, node: Node, party: Party, payload: Payload, rows: Rows, refusals: Refusals, now_us: int) -> None:
        if party.life is not Life.BORN:
            party.note("data_before_birth")
            # Of one that died, these may be the last words, overtaken by the news: it will not answer.
            tries = TRIES if node.life is Life.DEAD else None
            node.rebirth.want(now_us, f"data of {party.name} before its birth", tries=tries)
        before = len(rows)
        self.reading.data(party, payload, rows, refusals)
        party.shows = party.shows or len(rows) > before
        for reason in ("unknown_alias", "alias_in_doubt"):
            if reason in refusals:
                party.note(reason)
                if party.life is Life.BORN:
                    node.rebirth.want(now_us, f"{reason.replace('_', ' ')} in data of {party.name}")

    def _node_death(self, node: Node, payload: Payload, rows: Rows, now_us: int) -> None:
        bd_seq = _bd_seq(payload)
        if bd_seq is None:
            node.note("no_bdseq")
        elif node.life is Life.BORN and node.bd_seq is not None and bd_seq != node.bd_seq:
            node.note("death_of_earlier_session")
            return
        node.dead_bd_seq, node.died_us = bd_seq, now_us
        self._node_dies(node, "the edge node died", rows, now_us)

    def _node_dies(self, node: Node, why: str, rows: Rows, now_us: int) -> None:
        node.sequence.end()
        node.rebirth.settle()
        node.gap_due_us = node.awaited_until_us = node.doubted_until_us = None
        for party in node.parties():
            self._dies(node, party, why, rows, now_us)

    def _device_death(self, node: Node, device: Party, payload: Payload, rows: Rows, now_us: int) -> None:
        at_us = payload.timestamp * 1000
        is_date = abs(at_us - now_us) < _MOST_AHEAD_US
        self._dies(node, device, "the device died", rows, now_us, at_us=at_us if is_date else None)

    def _dies(self, node: Node, party: Party, why: str, rows: Rows, now_us: int, *, at_us: int | None = None) -> None:
        party.die(why)
        if party.shows:
            party.shows = False
            self._marks.mark(party.targets.values(), at_us or now_us + min(node.ahead_us, _MOST_AHEAD_US), rows)

    # --- what falls due

    def tend(self, rows: Rows, now_us: int) -> list[Node]:
        """Mark what was awaited for too long; the edge nodes to be asked for their births now."""
        if self._unheard_until_us is not None and now_us >= self._unheard_until_us:
            self._unheard_until_us = None
            self.mark_lost(rows, now_us)
        asked: list[Node] = []
        for node in self.roll:
            if node.gap_due_us is not None and now_us >= node.gap_due_us:
                node.gap_due_us = None
                node.rebirth.want(now_us, node.health.last_error)
            if node.awaited_until_us is not None and now_us >= node.awaited_until_us:
                node.awaited_until_us = None
                for device in node.devices.values():
                    if device.life in (Life.AWAITED, Life.UNKNOWN):
                        self._dies(node, device, "its edge node was born, and it was not", rows, now_us)
            if node.doubted_until_us is not None and now_us >= node.doubted_until_us:
                self._node_dies(node, "its death came before its birth, and it does not answer", rows, now_us)
            if node.rebirth.take(now_us):
                asked.append(node)
        return asked

    def lose(self) -> None:
        """The broker is gone, and has not kept our session: what happened meanwhile is not known."""
        self._unheard_until_us = None
        for node in self.roll:
            node.sequence.end()
            node.rebirth.settle()
            node.gap_due_us = node.awaited_until_us = node.doubted_until_us = None
            for party in node.parties():
                party.lose()

    def mark_lost(self, rows: Rows, now_us: int) -> None:
        """For too long: no value of what we know nothing of is to be believed."""
        for node in self.roll:
            for party in node.parties():
                if party.life is Life.UNKNOWN and party.shows:
                    party.shows = False
                    self._marks.mark(party.targets.values(), now_us + min(node.ahead_us, _MOST_AHEAD_US), rows)

    def greet(self, now_us: int) -> None:
        """We are connected: who is not born by itself soon is asked to be, and in the end given up."""
        self._unheard_until_us = now_us + self._config.mark_after
        for node in self.roll:
            if node.life is not Life.BORN:
                node.rebirth.want(now_us, "we have just connected", after_us=self._config.birth_wait, tries=TRIES)


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == _BD_SEQ:
            return metric.long_value if metric.HasField("long_value") else metric.int_value
    return None
