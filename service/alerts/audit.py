"""Proof that the record of alerts is whole and unaltered: every hash recomputed, every link followed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import psycopg

from service.alerts.model import GENESIS, Event, chain_hash

_ORPHANS = (
    "SELECT count(*) FROM alert JOIN alert_event AS event USING (chain, seq)"
    " WHERE alert.chain = %s AND event.alert_id <> alert.id"
)


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Of one chain."""

    chain: str
    events: int = 0
    #: Number of the last event.
    last: int = 0
    head: str = GENESIS
    #: Empty where the chain is whole.
    faults: list[str] = field(default_factory=list)


def verify_chain(chain: str, rows: Iterable[tuple[int, str, str]]) -> Verdict:
    """``rows`` are (seq, body, hash) in the order of seq."""
    verdict = Verdict(chain=chain)
    for seq, body, stored_hash in rows:
        if seq != verdict.last + 1:
            verdict.faults.append(f"events {verdict.last + 1} to {seq - 1} are missing")
        _verify_event(verdict, seq, body, stored_hash)
        verdict.head, verdict.last = stored_hash, seq
        verdict.events += 1
    return verdict


def _verify_event(verdict: Verdict, seq: int, body: str, stored_hash: str) -> None:
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.DecodeError as error:
        verdict.faults.append(f"event {seq} cannot be read: {error}")
        return
    # The text itself must be what was written: a word that our reader overlooks could be put in otherwise.
    is_whole = msgspec.json.encode(event, order="deterministic").decode() == body
    fits = chain_hash(event) == stored_hash == event.hash and (event.chain, event.seq) == (verdict.chain, seq)
    if not (is_whole and fits):
        verdict.faults.append(f"event {seq} was altered: its hash does not fit its content")
    if event.prev_hash != verdict.head:
        verdict.faults.append(f"event {seq} does not follow the one before it")


def verify(connection: psycopg.Connection) -> list[Verdict]:
    """All chains in the database, and that no alert knows of events that are gone.

    The connection must not be in a transaction.
    """
    # One picture of both tables: the writer goes on while we read.
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        chains = connection.execute("SELECT chain FROM alert_event UNION SELECT chain FROM alert ORDER BY chain")
        return [_verify_stored(connection, str(row[0])) for row in chains.fetchall()]


def _verify_stored(connection: psycopg.Connection, chain: str) -> Verdict:
    with connection.cursor(name="audit") as cursor:
        cursor.execute("SELECT seq, body, hash FROM alert_event WHERE chain = %s ORDER BY seq", (chain,))
        verdict = verify_chain(chain, cursor)
    last = connection.execute("SELECT max(seq) FROM alert WHERE chain = %s", (chain,)).fetchone()
    known = (last and last[0]) or 0
    if known > verdict.last:
        verdict.faults.append(f"the chain ends at {verdict.last}, but an alert knows of event {known}")
    orphans = connection.execute(_ORPHANS, (chain,)).fetchone()
    if orphans and orphans[0]:
        verdict.faults.append(
            f"{orphans[0]} alerts name events that tell of other alerts; was the journal put back from a backup?"
        )
    return verdict
