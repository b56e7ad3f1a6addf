"""What the load of many loggers sends is what loggers send: right to the last byte, each its own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212.framing import Frame, Framer
from connectors.hj212.packet import parse
from deploy.bench.hj212 import park_of
from deploy.bench.loggers import CODES, Telegrams, checksums, mn_of
from park.index import TagTable
from park.model import Park
from simulators.hj212_packet import checksum


@given(st.lists(st.binary(min_size=40, max_size=40), min_size=1, max_size=5))
def test_checksums_of_many_are_those_of_each(segments: list[bytes]) -> None:
    matrix = np.frombuffer(b"".join(segments), np.uint8).reshape(len(segments), -1)
    assert checksums(matrix).tolist() == [checksum(one) for one in segments]


def test_telegrams_are_read_with_their_times_and_values() -> None:
    telegrams = Telegrams(5)
    telegrams.new_values(slice(1, 4))
    sent = telegrams.stamped(slice(1, 4), "20261126080001234", "20261126080001")
    frames = Framer().feed(b"".join(sent))
    packets = [parse(one.segment) for one in frames if isinstance(one, Frame)]
    assert [one.mn for one in packets] == [mn_of(number) for number in (1, 2, 3)]
    assert {(one.qn, one.params["DataTime"], one.cn) for one in packets} == {
        ("20261126080001234", "20261126080001", "2011")
    }
    assert [group.code for group in packets[0].cp] == ["DataTime", *CODES]
    assert all(one.deviations == () for one in packets)
    values = {group.fields["Rtd"] for one in packets for group in one.cp if group.code in CODES}
    assert len(values) > 5
    assert all(0 <= float(one) < 100 for one in values)


def test_every_logger_has_an_outlet_of_its_own() -> None:
    table = TagTable(Park.model_validate(park_of(250)))
    assert len(table) == 250 * len(CODES)
    assert len({info.device for info in table.infos}) == 250
    assert {info.enterprise for info in table.infos} == {"E000", "E001", "E002"}
