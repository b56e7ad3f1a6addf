"""What is a sample, what is a dead letter, and what is news."""

import math

import numpy as np

from connectors.opcua.decode import Values, decode_values
from connectors.opcua.sift import Sifted, Sifter
from park.index import TagTable
from park.model import Park
from park.quality import Quality, quality_class
from tests.unit.connectors.opcua import wire
from tests.unit.connectors.opcua.wire import DataValue

_NOW_US = 1_795_000_000_000_000
_MINUTE_US = 60_000_000


def _sifter() -> Sifter:
    tags = [{"id": f"t{n}", "quantity": "heat", "unit": "degC", "from": {"connector": "dcs"}} for n in range(3)]
    source = {"id": "unit", "kind": "unit", "position": [120.0, 30.0], "tags": tags}
    enterprise = {"id": "E001", "name": "E", "sources": [source]}
    park = Park.model_validate({"id": "park", "name": "Park", "enterprises": [enterprise]})
    tags_of = TagTable(park, {"E001.unit.t0": 40, "E001.unit.t1": 41, "E001.unit.t2": 42}).of_connector("dcs")
    return Sifter(tags_of, origin="dcs", endpoint="opc.tcp://dcs", letter_every_us=_MINUTE_US)


def _values(*values: DataValue) -> Values:
    return decode_values(b"".join(one.encode() for one in values), 0, len(values), handles=False)[0]


def _good(value: float, time_us: int = _NOW_US) -> DataValue:
    return DataValue(variant=wire.number(11, value), source=wire.filetime(time_us))


def _sift(sifter: Sifter, *values: DataValue, now_us: int = _NOW_US, slots: list[int] | None = None) -> Sifted:
    chosen = np.array(slots if slots is not None else [0] * len(values), np.intp)
    return sifter.sift(_values(*values), chosen, now_us)


def test_samples_carry_the_tags_own_index_and_the_sources_time() -> None:
    batch = _sift(_sifter(), _good(1.0, 5), _good(2.0, 6), slots=[2, 0]).batch
    assert batch.tag.tolist() == [42, 40]
    assert batch.time_us.tolist() == [5, 6]
    assert batch.value.tolist() == [1.0, 2.0]
    assert (batch.origin, batch.received_us) == ("dcs", _NOW_US)


def test_a_bad_status_takes_the_value_away_whatever_it_was() -> None:
    bad = DataValue(variant=wire.number(11, 7.0), status=0x80310000, source=wire.filetime(_NOW_US))
    batch = _sift(_sifter(), bad, _good(1.0)).batch
    assert math.isnan(batch.value[0])
    assert quality_class(batch.quality).tolist() == [Quality.BAD, Quality.GOOD]


def test_the_overflow_bit_is_counted_and_the_value_kept() -> None:
    sifter = _sifter()
    flagged = DataValue(variant=wire.number(11, 7.0), status=0x0480, source=wire.filetime(_NOW_US))
    assert _sift(sifter, flagged).batch.value.tolist() == [7.0]
    assert sifter.counts["overflow"] == 1


def test_a_server_that_has_no_value_yet_has_sent_nothing() -> None:
    sifter = _sifter()
    sifted = _sift(sifter, DataValue(status=0x80320000), _good(1.0))
    assert (len(sifted.batch), sifted.dead, sifted.letters) == (1, 0, [])
    assert sifter.counts["waiting"] == 1


def test_what_we_fail_to_take_in_is_kept_as_it_came() -> None:
    sifted = _sifter().given_up(b"bytes", "KeyError('x')", _NOW_US)
    assert (len(sifted.batch), sifted.dead) == (0, 1)
    assert (sifted.letters[0].reason, sifted.letters[0].raw) == ("undecodable", b"bytes")


def test_a_time_of_zero_is_no_time() -> None:
    sifter = _sifter()
    nothing = DataValue(variant=wire.number(11, 1.0), source=0, server=0)
    only_server = DataValue(variant=wire.number(11, 2.0), source=0, server=wire.filetime(77))
    sifted = _sift(sifter, nothing, only_server)
    assert [letter.reason for letter in sifted.letters] == ["no_timestamp"]
    assert sifted.batch.time_us.tolist() == [77]
    assert sifter.counts["server_time"] == 1


def test_letters_name_tag_address_and_enterprise_and_keep_the_bytes() -> None:
    infinite = _good(math.inf)
    sifted = _sift(_sifter(), infinite, slots=[1])
    (letter,) = sifted.letters
    assert letter.detail.startswith("E001.unit.t1: inf is not a measurement")
    assert (letter.enterprise, letter.address, letter.raw) == ("E001", "opc.tcp://dcs t1", infinite.encode())
    assert len(sifted.batch) == 0


def test_one_letter_a_minute_for_each_tag_and_reason_and_all_are_counted() -> None:
    sifter, nan = _sifter(), _good(math.nan)
    first = _sift(sifter, nan, nan, nan, slots=[0, 0, 1])
    assert (len(first.letters), first.dead) == (2, 3)
    later = _sift(sifter, nan, now_us=_NOW_US + _MINUTE_US - 1)
    assert (len(later.letters), later.dead) == (0, 1)
    after = _sift(sifter, nan, now_us=_NOW_US + _MINUTE_US)
    assert after.letters[0].detail.endswith("(2 more since the last letter)")


def test_a_node_that_is_gone_is_told_even_without_a_time() -> None:
    gone = DataValue(status=0x80340000)
    assert _sift(_sifter(), gone, _good(1.0), slots=[2, 0]).gone == [2]


def test_only_a_newer_time_is_news() -> None:
    sifter = _sifter()
    assert sifter.commit(_sift(sifter, _good(1.0)))
    assert not sifter.commit(_sift(sifter, _good(2.0)))
    assert not sifter.commit(_sift(sifter, _good(3.0, _NOW_US - 1)))
    assert sifter.commit(_sift(sifter, _good(1.0), slots=[1]))
    assert sifter.commit(_sift(sifter, _good(1.0, _NOW_US + 1)))
    assert sifter.last_us.tolist() == [_NOW_US + 1, _NOW_US, 0]


def test_a_clock_gone_mad_does_not_make_all_that_follows_look_old() -> None:
    sifter = _sifter()
    far = 4_000_000_000_000_000
    sifted = _sift(sifter, _good(1.0, far))
    assert sifted.batch.time_us.tolist() == [far]  # the intake judges it
    sifter.commit(sifted)
    assert sifter.commit(_sift(sifter, _good(2.0)))
