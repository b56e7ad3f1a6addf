"""What a metric may say beside its value: time, quality, null, history, and what becomes of that which is no number."""

import zlib

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from connectors.sparkplug.payload_pb2 import Metric, Payload, PropertySet, PropertyValue
from connectors.sparkplug.values import DataType
from tests.unit.connectors.sparkplug import wire
from tests.unit.connectors.sparkplug.plant import NOON_MS, Edge, Host, Sample, by_alias, double

_TOPICS = [
    "spBv1.0/E1/NBIRTH/EON1",
    "spBv1.0/E1/NDATA/EON1",
    "spBv1.0/E1/NDEATH/EON1",
    "spBv1.0/E1/DBIRTH/EON1/CEMS1",
    "spBv1.0/E1/DDATA/EON1/CEMS1",
    "spBv1.0/E1/DDEATH/EON1/CEMS1",
]


def _quality(*values: PropertyValue, keys: tuple[str, ...] = ("Quality",)) -> PropertySet:
    return PropertySet(keys=keys, values=values)


def _born() -> tuple[Host, Edge]:
    host = Host()
    edge = Edge(host)
    edge.birth()
    return host, edge


# --- time


def test_time_is_the_metrics_else_the_payloads() -> None:
    _, edge = _born()
    read = edge.data(by_alias(1, 1.0, timestamp=NOON_MS - 7), by_alias(2, 0.0))
    assert [one.t_ms for one in read] == [NOON_MS - 7, NOON_MS]


@pytest.mark.parametrize(("timestamp", "reason"), [(None, "missing_time"), (1 << 63, "bad_time"), (10**15, "bad_time")])
def test_time_is_never_filled_in(timestamp: int | None, reason: str) -> None:
    host, _ = _born()
    payload = Payload(seq=1, metrics=[by_alias(1, 1.0)])
    if timestamp is not None:
        payload.timestamp = timestamp
    assert host.hear("spBv1.0/E1/NDATA/EON1", payload) == []
    assert host.reasons == [reason]


def test_history_is_stored_at_its_own_time_and_is_no_gap() -> None:
    host, edge = _born()
    old = [by_alias(1, float(i), timestamp=NOON_MS - 100 + i, is_historical=True) for i in range(3)]
    assert edge.data(*old, by_alias(1, 9.0)) == [
        *(Sample("E1.tank.level", NOON_MS - 100 + i, float(i)) for i in range(3)),
        Sample("E1.tank.level", NOON_MS, 9.0),
    ]
    assert (host.asks(), host.deviations(), host.reasons) == ([], {}, [])


def test_history_in_a_birth_shows_nothing_as_present() -> None:
    host, edge = _born()
    host.now_ms += 1000
    edge.death()
    host.now_ms += 1000
    old = double("Tank/Level", 1.0, 1, timestamp=NOON_MS - 100, is_historical=True)
    assert edge.birth(old) == [Sample("E1.tank.level", NOON_MS - 100, 1.0)]


# --- quality


@pytest.mark.parametrize(
    ("value", "quality", "counted"),
    [
        (PropertyValue(type=3, int_value=192), "good", {}),
        (PropertyValue(type=3, int_value=0), "bad", {}),
        (PropertyValue(type=3, int_value=500), "uncertain/last_usable_value", {}),
        (PropertyValue(type=4, long_value=0), "bad", {}),
        (PropertyValue(type=3, int_value=0x40), "uncertain", {"quality_code": 1}),
        (PropertyValue(type=3, int_value=0x18), "bad", {"quality_code": 1}),
        (PropertyValue(type=3, int_value=0xD8), "good", {"quality_code": 1}),
        (PropertyValue(type=3, int_value=700), "uncertain", {"quality_code": 1}),
        (PropertyValue(type=12, string_value="Good"), "uncertain", {"quality_type": 1}),
        (PropertyValue(type=3, is_null=True), "good", {}),
    ],
)
def test_quality_property_is_the_samples_quality(value: PropertyValue, quality: str, counted: dict[str, int]) -> None:
    host, edge = _born()
    (read,) = edge.data(by_alias(1, 51.0, properties=_quality(value)))
    assert (read.value, read.quality, host.deviations()) == (51.0, quality, counted)


def test_quality_is_found_among_other_properties() -> None:
    _, edge = _born()
    properties = _quality(
        PropertyValue(type=12, string_value="%"), PropertyValue(type=3, int_value=0), keys=("engUnit", "Quality")
    )
    assert edge.data(by_alias(1, 51.0, properties=properties))[0].quality == "bad"


def test_property_lists_of_two_lengths_are_counted() -> None:
    host, edge = _born()
    properties = _quality(PropertyValue(type=3, int_value=192), keys=("Quality", "engUnit"))
    assert edge.data(by_alias(1, 51.0, properties=properties))[0].quality == "good"
    assert host.deviations() == {"uneven_properties": 1}


def test_null_is_a_bad_sample_without_a_value_whatever_its_quality() -> None:
    _, edge = _born()
    good = _quality(PropertyValue(type=3, int_value=192))
    stale = _quality(PropertyValue(type=3, int_value=0))
    read = edge.data(*(Metric(alias=1, is_null=True, properties=one) for one in (good, stale, None)))
    assert [(one.value, one.quality) for one in read] == [(None, "bad")] * 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_a_dead_letter_and_spoils_nothing_else(value: float) -> None:
    host, edge = _born()
    assert edge.data(by_alias(1, value), by_alias(2, 1.0)) == [Sample("E1.tank.open", NOON_MS, 1.0)]
    assert host.reasons == ["not_a_number"]


def test_nan_of_bad_quality_is_a_sample_without_a_value() -> None:
    _, edge = _born()
    bad = _quality(PropertyValue(type=3, int_value=0))
    assert edge.data(by_alias(1, float("nan"), properties=bad)) == [Sample("E1.tank.level", NOON_MS, None, "bad")]


# --- what is no sample


def test_text_is_a_dead_letter_only_where_a_tag_wants_it() -> None:
    host = Host()
    text = Metric(name="Tank/Level", alias=1, datatype=DataType.STRING, string_value="化工园区")
    elsewhere = Metric(name="Sys/Text", alias=9, datatype=DataType.STRING, string_value="x")
    Edge(host).birth(text, elsewhere)
    assert host.reasons == ["not_numeric"]
    assert host.reader.book.reading.not_numbers == 1
    assert "STRING" in host.reader.roll.unreadable()["E1/EON1: Tank/Level"]


def test_transient_metric_is_not_stored_unless_asked_for() -> None:
    transient = double("Tank/Level", 50.0, 1, is_transient=True)
    host = Host()
    assert Edge(host).birth(transient) == []
    assert (host.reasons, host.reader.book.reading.transient) == ([], 1)
    assert "transient" in host.reader.roll.unreadable()["E1/EON1: Tank/Level"]
    assert len(Edge(Host(store_transient=True)).birth(transient)) == 1


def test_integer_without_a_datatype_takes_that_of_its_birth() -> None:
    host = Host()
    edge = Edge(host)
    edge.birth(Metric(name="Tank/Level", alias=1, datatype=DataType.INT16, int_value=5))
    assert edge.data(Metric(alias=1, int_value=0xFFF9))[0].value == -7.0
    assert edge.data(Metric(name="Tank/Level", int_value=0xFFF9))[0].value == -7.0


def test_name_that_is_not_utf_8_spoils_nothing_else() -> None:
    host = Host()
    bad = wire.metric((wire.NAME, b"\xff"), (wire.DATATYPE, 10), (wire.DOUBLE, 1.0))
    good = wire.metric((wire.NAME, "Tank/Level"), (wire.DATATYPE, 10), (wire.DOUBLE, 1.5))
    payload = wire.payload(bad, good, timestamp=NOON_MS, seq=0)
    assert host.hear(_TOPICS[0], payload) == [Sample("E1.tank.level", NOON_MS, 1.5)]
    assert (host.reasons, host.reader.book.reading.unmapped) == ([], 1)


# --- envelopes


def _packed(inner: Payload, body: bytes, algorithm: str | None) -> Payload:
    metrics = [] if algorithm is None else [Metric(name="algorithm", datatype=12, string_value=algorithm)]
    return Payload(uuid="SPBV1.0_COMPRESSED", body=body, metrics=metrics, seq=inner.seq)


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("algorithm", ["DEFLATE", None, "GZIP"])
def test_compressed_payload_is_unpacked(algorithm: str | None) -> None:
    host, _ = _born()
    inner = Payload(timestamp=NOON_MS, metrics=[by_alias(1, 51.0)], seq=1)
    plain = inner.SerializeToString()
    body = _gzip(plain) if algorithm == "GZIP" else zlib.compress(plain)
    assert host.hear(_TOPICS[1], _packed(inner, body, algorithm)) == [Sample("E1.tank.level", NOON_MS, 51.0)]
    assert (host.reasons, host.deviations()) == ([], {})


@pytest.mark.parametrize(
    ("body", "algorithm", "reason"),
    [
        (zlib.compress(bytes(50_000_000)), "DEFLATE", "too_large"),
        (zlib.compress(b"\x12\x00" * 100)[:-6], "DEFLATE", "undecodable"),
        (b"no such thing", "GZIP", "undecodable"),
        (b"", None, "undecodable"),
        (b"x", "ZSTD", "unknown_compression"),
        (zlib.compress(b"\xff\xff\xff"), "DEFLATE", "undecodable"),
    ],
)
def test_what_cannot_be_unpacked_is_a_dead_letter(body: bytes, algorithm: str | None, reason: str) -> None:
    host, _ = _born()
    assert host.hear(_TOPICS[1], _packed(Payload(seq=1), body, algorithm)) == []
    assert host.reasons == [reason]


def test_message_of_countless_metrics_is_refused_whole() -> None:
    host, _ = _born()
    assert host.hear(_TOPICS[1], b"\x12\x00" * 500_000) == []
    assert host.reasons == ["too_many_metrics"]


def test_message_above_the_limit_is_not_decoded() -> None:
    host = Host(max_message_bytes=1024)
    assert host.hear(_TOPICS[1], bytes(1025)) == []
    assert host.reasons == ["too_large"]


# --- anything at all


@given(st.lists(st.tuples(st.sampled_from(_TOPICS), st.binary(max_size=200)), max_size=12))
def test_any_bytes_are_survived_and_what_is_no_payload_is_kept(messages: list[tuple[str, bytes]]) -> None:
    host = Host()
    for topic, data in messages:
        before = len(host.reasons)
        host.hear(topic, data)
        if not _is_payload(data):
            assert host.reasons[before:] == ["undecodable"]
    assert "codec_failed" not in host.reasons
    host.wait(1000)


def _is_payload(data: bytes) -> bool:
    try:
        Payload.FromString(data)
    except DecodeError:
        return False
    return True


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6), st.integers(0, 200))
def test_a_birth_with_bits_turned_or_cut_off_is_survived(changes: list[tuple[int, int]], length: int) -> None:
    birth = Payload(timestamp=NOON_MS, seq=0, metrics=[double("Tank/Level", 50.0, 1), double("Stack/SO2", 1.0, 2)])
    data = bytearray(birth.SerializeToString())
    for place, byte in changes:
        data[place % len(data)] = byte
    host = Host()
    for one in host.hear(_TOPICS[0], bytes(data[:length])):
        assert one.tag.startswith("E1.")
    host.hear(_TOPICS[3], bytes(data))
    host.hear(_TOPICS[1], bytes(data))
    assert "codec_failed" not in host.reasons


_FIELDS = st.one_of(
    st.tuples(st.sampled_from([2, 3, 4, 5, 6, 7, 10, 11, 14]), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(wire.NAME), st.sampled_from(["Tank/Level", "Stack/SO2", "bdSeq", "", "x"])),
    st.tuples(st.sampled_from([wire.NAME, 8, 9, 15, 16, 17, 18, 19]), st.binary(max_size=20)),
    st.tuples(st.sampled_from([12, 13]), st.floats(width=32).map(float)),
)
_PAYLOADS = st.builds(
    wire.payload,
    *[st.lists(_FIELDS, max_size=8).map(wire.message)] * 4,
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    seq=st.none() | st.integers(0, 2**64 - 1),
)


@given(st.lists(st.tuples(st.sampled_from(_TOPICS), _PAYLOADS), max_size=12))
def test_any_metrics_are_survived(messages: list[tuple[str, bytes]]) -> None:
    host = Host()
    for topic, data in messages:
        for one in host.hear(topic, data):
            assert one.tag.startswith("E1.")
            assert one.value is not None or one.quality.startswith("bad")
    assert "codec_failed" not in host.reasons
    host.wait(1000)


@given(st.text(max_size=40))
def test_any_topic_is_survived(topic: str) -> None:
    host = Host()
    assert host.hear(topic, Payload(seq=0)) == []
    host.hear(f"spBv1.0/{topic}/NBIRTH/{topic}", Payload(seq=0))
    assert "codec_failed" not in host.reasons


def test_retained_messages_are_old_and_not_stored() -> None:
    host = Host()
    assert (
        host.hear(_TOPICS[0], Payload(timestamp=NOON_MS, seq=0, metrics=[double("Tank/Level", 1.0)]), retain=True) == []
    )
    assert host.reasons == []
