"""The records of an incident in one order: by time, then by kind and by their own number."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from service.alerts.model import ALERT_DEFAULTS, Event
from service.api.shapes import Names
from service.api.times import rfc3339
from service.incidents.subject import Subject
from service.store.queries import Queries
from service.store.samples import Span
from service.store.scope import Scope
from service.store.stored import event_of, microseconds

#: Of each kind, at most: more than this is a span that is too long.
MOST_ITEMS = 20_000

Item = dict[str, Any]


class TooMuch(Exception):
    """So much happened that the span has to be shorter."""


async def items(
    queries: Queries, scope: Scope, subject: Subject, span: Span, names: Names, recent: Sequence[Event]
) -> list[Item]:
    """Everything that was recorded in the span; ``recent`` are events that the store may not have yet.

    Raises StoreUnavailable, TooMuch.
    """
    kinds = ("events", "notifications", "rules", "gaps", "cases", "risks", "marks", "notes")
    # A few at once: the pool is small, and other questions want it too.
    room = asyncio.Semaphore(3)

    async def ask(kind: str) -> list[dict[str, Any]]:
        async with room:
            return await queries.records.incident(scope, kind, subject, span, limit=MOST_ITEMS + 1)

    rows = dict(zip(kinds, await asyncio.gather(*map(ask, kinds)), strict=True))
    full = [kind for kind, found in rows.items() if len(found) > MOST_ITEMS]
    if full:
        raise TooMuch(f"more than {MOST_ITEMS} {full[0]} in this span")
    events = {(one.chain, one.seq): one for one in (event_of(row["body"]) for row in rows["events"])}
    for one in recent:
        if span.from_us <= one.recorded_us < span.to_us and scope.sees(one.enterprise) and _concerns(one, subject):
            events.setdefault((one.chain, one.seq), one)
    found = [_of_event(one, names) for one in events.values()]
    for kind, shape in _SHAPES.items():
        found += [shape(row) for row in rows[kind]]
    # A rule change has a number of its own, a gap a connector: any order would do, as long as it is always the same.
    return sorted(found, key=lambda one: (one["at_us"], one["kind"], one["key"]))


def _concerns(event: Event, subject: Subject) -> bool:
    if event.context is not None:
        return event.context["enterprise"] in subject.enterprises
    return event.alert["source"] in subject.sources or event.alert_id in subject.alerts


def _of_event(event: Event, names: Names) -> Item:
    base = {"at_us": event.recorded_us, "key": f"{event.chain}|{event.seq:012d}", "seq": event.seq}
    told = {"actor": event.actor, "text": event.reason, "trigger": event.trigger.value, "hash": event.hash}
    if event.context is not None:
        entry = event.context
        where = {"enterprise": entry["enterprise"], "source": entry["source"], "subject": entry["id"]}
        return base | told | where | {"kind": "context", "what": entry["kind"]}
    alert = ALERT_DEFAULTS | event.alert
    return (
        base
        | told
        | {
            # What people did stands beside what the engine found.
            "kind": "alert" if event.actor == "engine" else "operator",
            "enterprise": alert["enterprise"],
            "source": alert["source"],
            "subject": alert["id"],
            "what": names.target(alert["target"]) or names.rule(alert["rule"])[0] or alert["target"],
            "target": alert["target"],
            "rule": alert["rule"],
            "level": event.level,
            "from_state": event.from_state.value,
            "to_state": event.to_state.value,
            "priority": alert["priority"],
            "value": alert["value"],
            "limit": alert["limit"],
            "unit": alert["unit"],
            "effective": rfc3339(event.effective_us),
        }
    )


def _of_notification(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["at"]),
        "kind": "notification",
        "key": f"{row['seq']:012d}",
        "enterprise": row["enterprise"],
        "subject": str(row["about"][0]) if row["about"] else "",
        "what": row["channel"],
        "trigger": row["why"],
        "to_state": row["state"],
        "text": row["reason"],
    }


def _of_rule(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["at"]),
        "kind": "rule",
        "key": f"{row['number']:08d}",
        "what": str(row["number"]),
        "actor": row["author"],
        "text": row["reason"],
    }


def _of_gap(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["from_time"]),
        "kind": "gap",
        "key": row["connector"],
        "what": row["connector"],
        "text": row["reason"],
        "until": rfc3339(microseconds(row["to_time"])),
    }


def _of_case(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["at"]),
        "kind": "case",
        "key": f"{row['id']}|{row['seq']:06d}",
        "enterprise": row["enterprise"],
        "subject": str(row["id"]),
        "what": f"{row['year']}-{row['number']:05d} {row['title']}",
        "actor": row["by"],
        "trigger": row["kind"],
        "to_state": row["to_state"],
        "text": row["text"],
    }


def _of_risk(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["at"]),
        "kind": "risk",
        "key": f"{row['seq']:012d}",
        "enterprise": row["enterprise"],
        "subject": row["subject"],
        "what": row["subject"],
        "from_state": row["was"],
        "to_state": row["colour"],
        "text": row["why"],
    }


def _of_mark(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["created"]),
        "kind": "mark",
        "key": str(row["id"]),
        "enterprise": row["enterprise"],
        "source": row["source"],
        "subject": str(row["id"]),
        "what": f"{row['kind']} {row['type']}",
        "actor": row["author"],
        "text": row["reason"],
    }


def _of_note(row: dict[str, Any]) -> Item:
    return {
        "at_us": microseconds(row["at"]),
        "kind": "command",
        "key": str(row["id"]),
        "enterprise": row["enterprise"],
        "subject": row["subject"],
        "what": row["subject"],
        "actor": row["by"],
        "trigger": row["kind"],
        "text": msgspec.json.encode(row["body"]).decode(),
    }


_SHAPES = {
    "notifications": _of_notification,
    "rules": _of_rule,
    "gaps": _of_gap,
    "cases": _of_case,
    "risks": _of_risk,
    "marks": _of_mark,
    "notes": _of_note,
}
_FIELDS = (
    *("kind", "enterprise", "source", "subject", "what", "target", "rule", "level", "actor", "trigger", "from_state"),
    *("to_state", "priority", "value", "limit", "unit", "effective", "until", "text", "seq", "hash"),
)


def item_shape(item: Item) -> Item:
    """As the interface shows it: the same fields in every kind, null where a kind has none."""
    return {"at": rfc3339(item["at_us"]), **{name: item.get(name) for name in _FIELDS}}
