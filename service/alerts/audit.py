"""Proof that the record of alerts is whole and unaltered: every hash recomputed, every link followed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import psycopg

from service.alerts.model import GENESIS, Event, chain_hash


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Of one chain."""

    chain: str
    events: int = 0
    head: str = GENESIS
    #: Empty where the chain is whole.
    faults: list[str] = field(default_factory=list)


def verify_chain(chain: str, rows: Iterable[tuple[int, str, str]]) -> Verdict:
    """``rows`` are (seq, body, hash) in the order of seq."""
    verdict = Verdict(chain=chain)
    expected = 1
    for seq, body, stored_hash in rows:
        if seq != expected:
            verdict.faults.append(f"events {expected} to {seq - 1} are missing")
        _verify_event(verdict, seq, body, stored_hash)
        verdict.head, expected = stored_hash, seq + 1
        verdict.events += 1
    return verdict


def _verify_event(verdict: Verdict, seq: int, body: str, stored_hash: str) -> None:
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.DecodeError as error:
        verdict.faults.append(f"event {seq} cannot be read: {error}")
        return
    if chain_hash(event) != stored_hash or event.hash != stored_hash or event.seq != seq:
        verdict.faults.append(f"event {seq} was altered: its hash does not fit its content")
    if event.prev_hash != verdict.head:
        verdict.faults.append(f"event {seq} does not follow the one before it")


def verify(connection: psycopg.Connection) -> list[Verdict]:
    """All chains in the database, and that no alert knows of events that are gone."""
    chains = [str(row[0]) for row in connection.execute("SELECT DISTINCT chain FROM alert_event ORDER BY chain")]
    verdicts: list[Verdict] = []
    for chain in chains:
        with connection.cursor(name="audit") as cursor:
            cursor.execute("SELECT seq, body, hash FROM alert_event WHERE chain = %s ORDER BY seq", (chain,))
            verdict = verify_chain(chain, cursor)
        last = connection.execute("SELECT coalesce(max(seq), 0) FROM alert WHERE chain = %s", (chain,)).fetchone()
        if last is not None and last[0] > verdict.events and not verdict.faults:
            verdict.faults.append(f"the chain ends at {verdict.events}, but an alert knows of event {last[0]}")
        verdicts.append(verdict)
    return verdicts
