"""Alert events, dead letters and gaps as rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg

from connectors.base import Gap
from park.batch import DeadLetter
from service.alerts.model import ALERT_DEFAULTS, Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT_EVENT = (
    "INSERT INTO alert_event (chain, seq, alert_id, recorded, body, hash) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (chain, seq) DO NOTHING"
)
_ALERT_NAMES = (
    "id rule target enterprise source side level peak_level priority state unit onset raised detected detected_late"
    " cleared value limit_value peak quality unverified acked acked_by why chain seq"
    " kind protected alert_group first_out chattering aside_since aside_until aside_by aside_reason work_order"
)
_ALERT_COLUMNS = tuple(_ALERT_NAMES.split())
_CONTEXT_NAMES = (
    "id kind enterprise source tags from_time to_time reason permit opened opened_by state over ended_by end_reason"
    " chain seq"
)
_CONTEXT_COLUMNS = tuple(_CONTEXT_NAMES.split())


def _upsert(table: str, columns: Sequence[str]) -> str:
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
        " ON CONFLICT (id) DO UPDATE SET "
        + ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        + f" WHERE {table}.chain <> excluded.chain OR {table}.seq < excluded.seq"
    )


_UPSERT_ALERT, _UPSERT_CONTEXT = _upsert("alert", _ALERT_COLUMNS), _upsert("context", _CONTEXT_COLUMNS)
_ALERT_TIMES = ("onset", "raised", "detected", "cleared", "acked", "aside_since", "aside_until")


def moment(us: int | None) -> datetime | None:
    """Epoch microseconds as PostgreSQL takes them, exactly."""
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def write(connection: psycopg.Connection, events: Sequence[Event]) -> None:
    """Append events; bring each alert and entry to its last. Writing the same ones again changes nothing."""
    last = {event.alert_id: event for event in events}
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT_EVENT,
            [
                (
                    event.chain,
                    event.seq,
                    event.alert_id,
                    moment(event.recorded_us),
                    msgspec.json.encode(event, order="deterministic").decode(),
                    event.hash,
                )
                for event in events
            ],
        )
        cursor.executemany(_UPSERT_ALERT, [_alert_values(one) for one in last.values() if one.context is None])
        cursor.executemany(_UPSERT_CONTEXT, [_context_values(one) for one in last.values() if one.context is not None])


def _alert_values(event: Event) -> tuple[Any, ...]:
    alert = ALERT_DEFAULTS | event.alert
    times = {name: moment(alert[f"{name}_us"]) for name in _ALERT_TIMES}
    special = times | {"limit_value": alert["limit"], "alert_group": alert["group"], "chain": event.chain}
    return _row(alert | special, _ALERT_COLUMNS)


def _context_values(event: Event) -> tuple[Any, ...]:
    entry = event.context or {}
    times = {name: moment(entry[f"{name}_us"]) for name in ("opened", "over")}
    span = {"from_time": moment(entry["from_us"]), "to_time": moment(entry["to_us"])}
    return _row(entry | times | span | {"tags": list(entry["tags"]), "chain": event.chain}, _CONTEXT_COLUMNS)


def _row(named: dict[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    values = (named[column] for column in columns)
    return tuple(_text(value) if type(value) is str else value for value in values)


def write_letters(cursor: psycopg.Cursor, letters: Sequence[DeadLetter]) -> None:
    """Dead letters, as they came. Text that PostgreSQL cannot hold (NUL) shows as U+FFFD; the raw bytes are whole."""
    cursor.executemany(
        "INSERT INTO dead_letter (received_at, origin, enterprise, address, reason, detail, raw)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (
                moment(letter.received_us),
                _text(letter.origin),
                _text(letter.enterprise),
                _text(letter.address),
                _text(letter.reason),
                _text(letter.detail),
                letter.raw,
            )
            for letter in letters
        ],
    )


def _text(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def write_gaps(cursor: psycopg.Cursor, gaps: Sequence[Gap]) -> None:
    """A gap that was refilled later overwrites its own earlier record."""
    cursor.executemany(
        "INSERT INTO connector_gap (connector, from_time, to_time, reason, refilled) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (connector, from_time) DO UPDATE SET to_time = excluded.to_time, reason = excluded.reason,"
        " refilled = excluded.refilled",
        [(gap.connector, moment(gap.from_us), moment(gap.to_us), _text(gap.reason), gap.refilled) for gap in gaps],
    )
