"""What people type ends up in the database as they typed it, whatever it is."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from service.store.notes import storable


@given(st.lists(st.sampled_from(["\0", "\\", "u0000", "\\u0000", '"', "汉", "a"]), max_size=12).map("".join))
def test_only_nul_is_taken_out_of_a_note_and_it_stays_json(text: str) -> None:
    for body in (msgspec.json.encode({"reason": text}).decode(), json.dumps({"reason": text})):
        assert msgspec.json.decode(storable(body)) == {"reason": text.replace("\0", "")}
