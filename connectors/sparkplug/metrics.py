"""From the metrics of one message to samples and refusals."""

from collections.abc import Callable
from math import isfinite, isnan

from connectors.codecs.base import Refusal, Rows
from connectors.codecs.conversion import conversion
from connectors.codecs.times import MAX_MS
from connectors.sparkplug import quality
from connectors.sparkplug.addresses import Target
from connectors.sparkplug.party import Known, Party
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
        names, aliases = party.names, party.aliases
        add_tag, add_time = rows.tag.append, rows.time_us.append
        add_value, add_quality = rows.value.append, rows.quality.append
        for metric in payload.metrics:
            name = metric.name
            if name:
                known = names.get(name)
                if known is None:  # of a name that is not UTF-8, too, which protobuf gives as bytes
                    self.unmapped += 1
                    continue
            else:
                known = aliases.get(metric.alias)
                if known is None or (not metric.alias and not metric.HasField("alias")):
                    refusals.add(*_unnamed(metric))
                    continue
            datatype = metric.datatype
            if datatype != known.datatype and datatype:
                if not name and known.datatype:
                    refusals.add(*_in_doubt(metric, known))
                    continue
                known = Known.of(known.ix, known.name, datatype)
            if known.ix < 0:
                self.unmapped += 1
                continue
            at_ms = metric.timestamp or sent_ms
            # Most are nothing but a number: they are taken here, the others by the careful road.
            if (
                known.convert is None
                and known.field
                and metric.HasField(known.field)
                and not metric.is_null
                and not metric.is_transient
                and not metric.HasField("properties")
                and 0 < at_ms <= MAX_MS
                and isfinite(value := getattr(metric, known.field))
            ):
                add_tag(known.ix)
                add_time(at_ms * 1000)
                add_value(float(value))
                add_quality(quality.GOOD)
            else:
                self._one(party, known, metric, sent_ms, rows, refusals)

    def birth(self, party: Party, payload: Payload, rows: Rows, refusals: Refusals, *, room: int) -> None:
        """Learn aliases (``room`` of them at most) and datatypes; append the values, which hold at the birth's time."""
        party.forget()
        party.unreadable = {}
        seen = set()
        for metric in payload.metrics:
            name = metric.name
            target = party.targets.get(name)
            known = Known.of(target.ix if target else -1, name if target else "", metric.datatype)
            if metric.HasField("alias"):
                self._learn(party, metric.alias, known, refusals, room)
            if target is None:
                self.unmapped += 1
                continue
            seen.add(name)
            party.names[name] = known
            self._check(party, target, name, metric)
            self._one(party, known, metric, payload.timestamp, rows, refusals, birth=True)
        for name in party.targets.keys() - seen:
            party.unreadable[name] = "its birth has no such metric; check the tag's address, and case"
        party.born_ms = payload.timestamp

    def _learn(self, party: Party, alias: int, known: Known, refusals: Refusals, room: int) -> None:
        if alias in party.aliases:
            party.note("alias_twice")
        elif len(party.aliases) >= room:
            refusals.add("too_many_metrics", "more aliases than are remembered for one enterprise; send fewer")
            return
        party.aliases[alias] = known

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
        known: Known,
        metric: Metric,
        sent_ms: int,
        rows: Rows,
        refusals: Refusals,
        *,
        birth: bool = False,
    ) -> None:
        name = known.name
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
                value = number(metric, known.datatype, party.note)
            except NoNumber as error:
                self.not_numbers += 1
                refusals.add(error.args[0], f"{name}: {error.args[1]}")
                return
            if not isfinite(value) and not (isnan(value) and _is_bad(byte)):
                refusals.add("not_a_number", f"{name}: {value} with good quality; send is_null, or Quality 0")
                return
        rows.add(known.ix, at_ms * 1000, value, byte)
        if birth and not metric.is_historical:
            self._revive(rows, known.ix, at_ms * 1000, sent_ms * 1000, value, byte)


def _without_value(byte: int) -> int:
    return byte if _is_bad(byte) else quality.NULL


def _is_bad(byte: int) -> bool:
    return byte & CLASS_MASK == Quality.BAD


def _in_doubt(metric: Metric, known: Known) -> tuple[str, str]:
    return "alias_in_doubt", (
        f"alias {metric.alias} was born as {type_name(known.datatype)} and comes as {type_name(metric.datatype)}; "
        f"a birth was missed, and is asked for"
    )


def _unnamed(metric: Metric) -> tuple[str, str]:
    if not metric.HasField("alias"):
        return "no_name", "a metric with neither name nor alias; send one of them"
    return "unknown_alias", f"alias {metric.alias} was in no birth that we heard; a new birth is asked for"
