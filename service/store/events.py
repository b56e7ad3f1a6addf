"""Alert events, dead letters and gaps as rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg

from connectors.base import Gap
from park.batch import DeadLetter
from service.alerts.model import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT_EVENT = (
    "INSERT INTO alert_event (chain, seq, alert_id, recorded, body, hash) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (chain, seq) DO NOTHING"
)
_ALERT_NAMES = (
    "id rule target enterprise source side level peak_level priority state unit onset raised detected detected_late"
    " cleared value limit_value peak quality unverified acked acked_by why chain seq"
)
_ALERT_COLUMNS = tuple(_ALERT_NAMES.split())
_UPSERT_ALERT = (
    f"INSERT INTO alert ({', '.join(_ALERT_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_ALERT_COLUMNS))})"
    " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _ALERT_COLUMNS[1:])
    + " WHERE alert.chain <> excluded.chain OR alert.seq < excluded.seq"
)


def moment(us: int | None) -> datetime | None:
    """Epoch microseconds as PostgreSQL takes them, exactly."""
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def write(connection: psycopg.Connection, events: Sequence[Event]) -> None:
    """Append events; bring each alert to its last. Writing the same ones again changes nothing."""
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
        cursor.executemany(_UPSERT_ALERT, [_alert_values(event) for event in last.values()])


def _alert_values(event: Event) -> tuple[Any, ...]:
    alert = event.alert
    times = {name: moment(alert[f"{name}_us"]) for name in ("onset", "raised", "detected", "cleared", "acked")}
    special = times | {"limit_value": alert["limit"], "chain": event.chain}
    values = [special[column] if column in special else alert[column] for column in _ALERT_COLUMNS]
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
