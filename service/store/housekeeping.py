"""What the store does now and then: retention, compression where the edition has it, the connectors' health."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import structlog
from pydantic import BaseModel, ConfigDict

from park.duration import DurationUs

_log = structlog.get_logger(__name__)

_HEALTH_EVERY_S = 300.0
_RETENTION_EVERY_S = 3600.0
_DAY_US = 86_400_000_000


class StorePolicy(BaseModel):
    """How long and in what pieces samples are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Span of one chunk of the hypertable.
    chunk_interval: DurationUs = 6 * 3_600_000_000
    #: Samples older than this are dropped, whole chunks at a time. None: kept for ever. The law wants 30 days at least.
    retention: DurationUs | None = None
    #: Chunks older than this are compressed (Community edition only); longer than the latest data may be late.
    compress_after: DurationUs | None = 7 * _DAY_US
    #: Dead letters and records of the connectors' health older than this are deleted. None: kept for ever.
    keep_records: DurationUs | None = 400 * _DAY_US
    #: Telegrams older than this are dropped, a day at a time. None: kept for ever.
    keep_telegrams: DurationUs | None = 400 * _DAY_US
    #: Bring the schema up to date at start.
    auto_migrate: bool = True


class Housekeeping:
    """Runs on the writer's connection, between two writes."""

    def __init__(self, policy: StorePolicy, health: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]) -> None:
        self._policy = policy
        self._health = health
        self._own_retention = False
        self._health_due_s = 0.0
        self._retention_due_s = 0.0
        self._states: dict[str, str] = {}

    def prepare(self, connection: psycopg.Connection, edition: str) -> None:
        """Set the chunk interval; turn on the policies of the Community edition, or do retention ourselves."""
        connection.execute("SELECT set_chunk_time_interval('sample', %s::bigint)", (self._policy.chunk_interval,))
        self._own_retention = edition != "timescale"
        if edition == "timescale":
            for statement in community_policies(self._policy):
                connection.execute(statement.encode())
        connection.commit()

    def run(self, connection: psycopg.Connection, now_s: float) -> None:
        """Do what is due; ``now_s`` is any steady clock."""
        self._write_health(connection, now_s)
        if now_s >= self._retention_due_s:
            self._retention_due_s = now_s + _RETENTION_EVERY_S
            self._drop_old(connection)

    def _drop_old(self, connection: psycopg.Connection) -> None:
        policy = self._policy
        if self._own_retention and policy.retention is not None:
            dropped = connection.execute(
                "SELECT drop_chunks('sample', now() - make_interval(secs => %s))", (policy.retention / 1e6,)
            ).fetchall()
            if dropped:
                _log.info("Chunks past their retention were dropped.", chunks=len(dropped))
        if policy.keep_telegrams is not None:
            connection.execute(
                "SELECT drop_chunks('raw_block', now() - make_interval(secs => %s))", (policy.keep_telegrams / 1e6,)
            )
        if policy.keep_records is not None:
            age = (policy.keep_records / 1e6,)
            connection.execute("DELETE FROM dead_letter WHERE received_at < now() - make_interval(secs => %s)", age)
            connection.execute("DELETE FROM connector_health WHERE at < now() - make_interval(secs => %s)", age)
            connection.execute("DELETE FROM notification WHERE at < now() - make_interval(secs => %s)", age)
        connection.commit()

    def _write_health(self, connection: psycopg.Connection, now_s: float) -> None:
        rows = self._health()
        states = {connector: state for connector, state, _ in rows}
        if now_s >= self._health_due_s:
            self._health_due_s = now_s + _HEALTH_EVERY_S
        else:
            rows = [row for row in rows if self._states.get(row[0]) != row[1]]
        self._states = states
        if not rows:
            return
        at = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO connector_health (connector, at, state, body) VALUES (%s, %s, %s, %s)",
                [(connector, at, state, msgspec.json.encode(body).decode()) for connector, state, body in rows],
            )
        connection.commit()


def community_policies(policy: StorePolicy) -> list[str]:
    """Statements that turn on what only the Community edition has; safe to run again."""
    statements = ["SELECT remove_retention_policy('sample', if_exists => true)"]
    if policy.retention is not None:
        statements.append(f"SELECT add_retention_policy('sample', interval '{policy.retention} microseconds')")
    statements.append("SELECT remove_compression_policy('sample', if_exists => true)")
    if policy.compress_after is not None:
        statements += [
            # Not again where it is on: with chunks compressed already it may be refused.
            "DO $$ BEGIN IF NOT (SELECT compression_enabled FROM timescaledb_information.hypertables"
            " WHERE hypertable_name = 'sample') THEN ALTER TABLE sample SET (timescaledb.compress,"
            " timescaledb.compress_segmentby = 'tag', timescaledb.compress_orderby = 'time'); END IF; END $$",
            f"SELECT add_compression_policy('sample', interval '{policy.compress_after} microseconds')",
        ]
    return statements
