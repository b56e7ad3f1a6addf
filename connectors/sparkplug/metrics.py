"""From the metrics of one message to samples and refusals."""

from collections.abc import Callable
from math import isfinite, isnan

from connectors.codecs.base import Refusal, Rows
from connectors.codecs.conversion import conversion
from connectors.codecs.times import MAX_MS
from connectors.sparkplug import quality
from connectors.sparkplug.addresses import Target
from connectors.sparkplug.party import Party
from connectors.sparkplug.payload_pb2 import Metric, Payload
from connectors.sparkplug.values import NoNumber, is_number, number, type_name
from park.quality import CLASS_MASK, Quality

_NAN = float("nan")


class Refusals:
    """Why metrics of one message were not taken: one refusal a reason, with the first one's words."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def add(self, reason: str, detail: str) -> None:
        """One metric."""
        self._first.setdefault(reason, detail)
        self._count[reason] = self._count.get(reason, 0) + 1

    def __contains__(self, reason: str) -> bool:
        return reason in self._count

    def all(self) -> list[Refusal]:
        """In the order of their first."""
        return [
            Refusal(
                reason, detail if self._count[reason] == 1 else f"{self._count[reason]} metrics, the first: {detail}"
            )
            for reason, detail in self._first.items()
        ]


class Reading:
    """Reads one message after the other. ``revive`` is told every value of a birth: tag, its time, the birth's, ..."""

    def __init__(self, *, store_transient: bool, revive: Callable[[Rows, int, int, int, float, int], None]) -> None:
        self._store_transient = store_transient
        self._revive = revive
        #: Metrics that are no tags, those that are not numbers, and those that are not to be stored.
        self.unmapped = 0
        self.not_numbers = 0
        self.transient = 0

    def data(self, party: Party, payload: Payload, rows: Rows, refusals: Refusals) -> None:
        """Append samples."""
        sent_ms = payload.timestamp
        targets, types, aliases = party.targets, party.types, party.aliases
        for metric in payload.metrics:
            name, datatype = metric.name, metric.datatype
            if not name:
                known = aliases.get(metric.alias) if metric.HasField("alias") else None
                if known is None or (datatype and known[1] and datatype != known[1]):
                    refusals.add(*_unnamed(metric, known))
                    continue
                name, datatype = known
            target = targets.get(name)
            if target is None:  # of a name that is not UTF-8, too, which protobuf gives as bytes
                self.unmapped += 1
                continue
            self._one(party, target, name, metric, datatype or types.get(name, 0), sent_ms, rows, refusals)

    def birth(self, party: Party, payload: Payload, rows: Rows, refusals: Refusals, *, room: int) -> None:
        """Learn aliases (``room`` of them at most) and datatypes; append the values, which hold at the birth's time."""
        party.aliases, party.types, party.unreadable = {}, {}, {}
        for metric in payload.metrics:
            name = metric.name
            target = party.targets.get(name)
            if metric.HasField("alias"):
                self._learn(party, metric, name if target else "", refusals, room)
            if target is None:
                self.unmapped += 1
                continue
            party.types[name] = metric.datatype
            self._check(party, target, name, metric)
            self._one(party, target, name, metric, metric.datatype, payload.timestamp, rows, refusals, birth=True)
        for name in party.targets.keys() - party.types.keys():
            party.unreadable[name] = "its birth has no such metric; check the tag's address, and case"
        party.born_ms = payload.timestamp

    def _learn(self, party: Party, metric: Metric, name: str, refusals: Refusals, room: int) -> None:
        if metric.alias in party.aliases:
            party.note("alias_twice")
        elif len(party.aliases) >= room:
            refusals.add("too_many_metrics", "more aliases than are remembered for one enterprise; send fewer")
            return
        party.aliases[metric.alias] = name, metric.datatype

    def _check(self, party: Party, target: Target, name: str, metric: Metric) -> None:
        if not is_number(metric.datatype):
            party.unreadable[name] = f"it is of type {type_name(metric.datatype)}, which is no number"
        unit = quality.find(metric.properties, "engUnit") if metric.HasField("properties") else None
        if unit is not None and isinstance(unit.string_value, str) and unit.string_value:
            factor = conversion(unit.string_value, target.unit)
            if not isinstance(factor, str) and factor != (1.0, 0.0):
                party.note("unit_differs")
                party.health.last_error = (
                    f"{name}: its engUnit is {unit.string_value!r}, the tag's unit {target.unit!r}; values are "
                    f"taken as they are, so one of the two is wrong"
                )

    def _one(
        self,
        party: Party,
        target: Target,
        name: str,
        metric: Metric,
        datatype: int,
        sent_ms: int,
        rows: Rows,
        refusals: Refusals,
        *,
        birth: bool = False,
    ) -> None:
        if metric.is_transient and not self._store_transient:
            self.transient += 1
            party.unreadable[name] = "it is transient: not to be stored; set store_transient, or have it sent otherwise"
            return
        at_ms = metric.timestamp or sent_ms
        if not 0 < at_ms <= MAX_MS:
            reason = "bad_time" if at_ms else "missing_time"
            refusals.add(reason, f"{name}: timestamp {at_ms}; send epoch milliseconds, in the metric or the payload")
            return
        byte, odd = quality.of_properties(metric.properties) if metric.HasField("properties") else (quality.GOOD, "")
        if odd:
            party.note(odd)
        if metric.is_null:
            value, byte = _NAN, _without_value(byte)
        else:
            try:
                value = number(metric, datatype, party.note)
            except NoNumber as error:
                self.not_numbers += 1
                refusals.add(error.args[0], f"{name}: {error.args[1]}")
                return
            if not isfinite(value) and not (isnan(value) and _is_bad(byte)):
                refusals.add("not_a_number", f"{name}: {value} with good quality; send is_null, or Quality 0")
                return
        rows.add(target.ix, at_ms * 1000, value, byte)
        if birth and not metric.is_historical:
            self._revive(rows, target.ix, at_ms * 1000, sent_ms * 1000, value, byte)


def _without_value(byte: int) -> int:
    return byte if _is_bad(byte) else quality.NULL


def _is_bad(byte: int) -> bool:
    return byte & CLASS_MASK == Quality.BAD


def _unnamed(metric: Metric, known: tuple[str, int] | None) -> tuple[str, str]:
    if known is not None:
        return "alias_in_doubt", (
            f"alias {metric.alias} was born as {type_name(known[1])} and comes as {type_name(metric.datatype)}; "
            f"a birth was missed, and is asked for"
        )
    if not metric.HasField("alias"):
        return "no_name", "a metric with neither name nor alias; send one of them"
    return "unknown_alias", f"alias {metric.alias} was in no birth that we heard; a new birth is asked for"
