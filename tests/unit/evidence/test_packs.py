"""A pack verifies as it was made, and with any byte of it changed it does not."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.alerts.model import Event
from service.evidence import archive
from service.evidence.pack import Contents, make
from service.evidence.signing import SigningKey, fingerprint
from service.evidence.verify import EVENTS, MANIFEST, verify
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"


@cache
def events() -> tuple[Event, ...]:
    """Of a real book: raised, worse, acknowledged."""
    view = ServiceInMemory()
    for number in range(3):
        view.raise_alert(LEVEL, onset_us=START_US - number)
    return tuple(view.live.since(0))


def contents(**more: Any) -> Contents:
    fields: dict[str, Any] = {
        "asked": {"park": "滨海", "from": "a", "to": "b", "by": "li", "made": "c"},
        "timeline": [],
        "events": list(events()),
        "samples": pa.table({"tag": [LEVEL], "value": [8.5]}),
        "frames": [{"device": "M1", "data": "##0101ST=32"}],
        "rules": {"version-1/a.yaml": "rules: []"},
        "park": "{}",
        "park_name": "滨海",
        "from_us": START_US,
        "to_us": START_US + 1_000_000,
        "made_us": START_US,
    }
    return Contents(**fields | more)


@cache
def key() -> SigningKey:
    return SigningKey(Path(mkdtemp()))


@cache
def whole() -> bytes:
    return make(contents(), key())


def test_a_pack_as_it_was_made_is_whole() -> None:
    verdict = verify(whole())
    assert (verdict.faults, verdict.events, verdict.files) == ([], 3, 7)
    assert verdict.fingerprint == fingerprint(key().public_pem())
    assert not verdict.key_known
    assert verify(whole(), key().public_pem()).key_known


def test_the_same_contents_give_the_same_bytes() -> None:
    assert make(contents(), key()) == whole()


def test_a_pack_of_another_key_is_not_taken_for_the_parks(tmp_path: Path) -> None:
    forged = make(contents(), SigningKey(tmp_path))
    assert verify(forged).whole  # consistent in itself
    for known in (key().public_pem(), fingerprint(key().public_pem())):
        assert "not the key that was given" in verify(forged, known).faults[0]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    pack = whole()
    place = data.draw(st.integers(0, len(pack) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(pack)
    changed[place] ^= 1 << bit
    assert not verify(bytes(changed)).whole


def test_every_byte_of_the_frame_counts() -> None:
    """What is neither name nor content, where a lenient reader would look away: all of the first and the last part."""
    pack = whole()
    for place in [*range(120), *range(len(pack) - 400, len(pack))]:
        changed = bytearray(pack)
        changed[place] ^= 1
        assert not verify(bytes(changed)).whole, place


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pack: pack + b"\0",
        lambda pack: b"\0" + pack,
        lambda pack: pack[:-1],
        lambda pack: b"",
        lambda pack: archive.write([*archive.read(pack).items(), ("more.txt", b"x")]),
        lambda pack: archive.write([one for one in archive.read(pack).items() if one[0] != EVENTS]),
        lambda pack: archive.write(list(archive.read(pack).items())[::-1]),
    ],
)
def test_nothing_more_nothing_less_nothing_moved(spoil: Any) -> None:
    assert not verify(spoil(whole())).whole


def test_an_event_that_was_rewritten_breaks_the_chain_though_it_is_signed() -> None:
    first, second, third = events()
    rewritten = msgspec.structs.replace(second, reason="nothing happened")
    verdict = verify(make(contents(events=[first, rewritten, third]), key()))
    assert "is not what was recorded" in verdict.faults[0]


def test_a_manifest_that_was_rewritten_is_not_signed() -> None:
    files = archive.read(whole())
    files[MANIFEST] = files[MANIFEST].replace(b'"by":"li"', b'"by":"xx"')
    verdict = verify(archive.write(list(files.items())))
    assert "was not signed by this key" in verdict.faults[0]
