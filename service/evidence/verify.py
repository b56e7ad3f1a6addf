"""Whether a pack is what it says: signature, every file, nothing more and nothing less, and the chain of events."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from service.alerts.model import Event, chain_hash
from service.evidence import archive, signing

MANIFEST, SIGNATURE, PUBLIC_KEY, EVENTS = "manifest.json", "manifest.sig", "public-key.pem", "events.jsonl"
FORMAT = "parkwatch-evidence-1"


@dataclass(kw_only=True)
class Verdict:
    """``faults`` is empty: every byte is as it was signed."""

    faults: list[str] = field(default_factory=list)
    #: Of the key that signed; it is for the reader to know whose that is.
    fingerprint: str = ""
    #: The key was given by the reader, not only taken from the pack.
    key_known: bool = False
    files: int = 0
    events: int = 0
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


def verify(data: bytes, key: str | bytes | None = None) -> Verdict:
    """``key``: PEM, or the fingerprint (hex) of the key that the reader trusts; None: the enclosed one is believed."""
    verdict = Verdict(key_known=key is not None)
    try:
        files = archive.read(data)
    except archive.ArchiveBroken as error:
        verdict.faults.append(str(error))
        return verdict
    missing = [name for name in (MANIFEST, SIGNATURE, PUBLIC_KEY) if name not in files]
    if missing:
        verdict.faults.append(f"{missing[0]} is missing")
        return verdict
    try:
        verdict.fingerprint = signing.fingerprint(files[PUBLIC_KEY])
    except ValueError as error:
        verdict.faults.append(f"{PUBLIC_KEY}: {error}")
        return verdict
    if key is not None and verdict.fingerprint != _wanted(key):
        verdict.faults.append(f"signed by {verdict.fingerprint}, which is not the key that was given")
        return verdict
    if not signing.genuine(files[PUBLIC_KEY], files[SIGNATURE], files[MANIFEST]):
        verdict.faults.append(f"{SIGNATURE}: the manifest was not signed by this key")
        return verdict
    _check_files(files, verdict)
    if EVENTS in files:
        _check_events(files[EVENTS], verdict)
    return verdict


def _wanted(key: str | bytes) -> str:
    if isinstance(key, bytes):
        return signing.fingerprint(key)
    return key.strip().lower().replace(":", "")


def _check_files(files: dict[str, bytes], verdict: Verdict) -> None:
    verdict.manifest = manifest = orjson.loads(files[MANIFEST])
    if manifest.get("format") != FORMAT:
        verdict.faults.append(f"{MANIFEST}: format {manifest.get('format')!r} is not known; use a newer parkwatch")
        return
    listed = {one["name"]: one for one in manifest["files"]}
    verdict.files = len(listed)
    for name in sorted(set(listed) ^ (set(files) - {MANIFEST, SIGNATURE, PUBLIC_KEY})):
        verdict.faults.append(f"{name}: {'is missing' if name in listed else 'is not listed in the manifest'}")
    if not verdict.faults and list(files) != [MANIFEST, SIGNATURE, PUBLIC_KEY, *listed]:
        verdict.faults.append("the files stand in another order than in the manifest")
    for name, one in listed.items():
        if name in files and hashlib.sha256(files[name]).hexdigest() != one["sha256"]:
            verdict.faults.append(f"{name}: is not what was signed")


def _check_events(data: bytes, verdict: Verdict) -> None:
    """Each event's own hash; and where two follow each other in number, that the second names the first."""
    last: dict[str, Event] = {}
    for number, line in enumerate(data.splitlines(), 1):
        event = msgspec.json.decode(line, type=Event)
        verdict.events += 1
        if chain_hash(event) != event.hash:
            verdict.faults.append(f"{EVENTS}:{number}: event {event.seq} is not what was recorded")
        before = last.get(event.chain)
        if before is not None and before.seq >= event.seq:
            verdict.faults.append(f"{EVENTS}:{number}: event {event.seq} is out of order")
        if before is not None and before.seq == event.seq - 1 and before.hash != event.prev_hash:
            verdict.faults.append(f"{EVENTS}:{number}: event {event.seq} does not follow event {before.seq}")
        last[event.chain] = event
