"""What edge nodes and devices tell of themselves, as stories."""

import pytest

from connectors.sparkplug.payload_pb2 import Metric, Payload, PropertySet, PropertyValue
from connectors.sparkplug.values import DataType
from tests.unit.connectors.sparkplug.plant import NOON_MS, S_MS, Edge, Host, Sample, by_alias, double


def _born(**fields: object) -> tuple[Host, Edge]:
    host = Host(**fields)
    edge = Edge(host)
    edge.birth()
    edge.device_birth("CEMS1", double("Stack/SO2", 12.5, 21), double("Stack/NOx", 48.0, 22))
    edge.device_birth("PLC", double("Speed", 3.0, 31))
    assert host.reasons == []
    return host, edge


# --- births


def test_birth_brings_values_and_the_names_of_aliases() -> None:
    host = Host()
    edge = Edge(host)
    assert edge.birth() == [Sample("E1.tank.level", NOON_MS, 50.0), Sample("E1.tank.open", NOON_MS, 1.0)]
    assert edge.data(by_alias(1, 51.0)) == [Sample("E1.tank.level", NOON_MS, 51.0)]
    assert host.asks() == []


def test_same_alias_of_edge_node_and_device_means_two_metrics() -> None:
    host = Host()
    edge = Edge(host)
    edge.birth(double("Tank/Level", 50.0, 1))
    edge.device_birth("CEMS1", double("Stack/SO2", 12.5, 1))
    assert edge.data(by_alias(1, 1.0))[0].tag == "E1.tank.level"
    assert edge.data(by_alias(1, 2.0), device="CEMS1")[0].tag == "E1.stack.so2"


def test_alias_is_worth_nothing_after_another_birth() -> None:
    host, edge = _born()
    edge.birth(double("Tank/Level", 50.0, 7))
    assert edge.data(by_alias(1, 51.0)) == []
    assert edge.data(by_alias(7, 52.0)) == [Sample("E1.tank.level", NOON_MS, 52.0)]
    assert host.reasons == ["unknown_alias"]


def test_alias_zero_is_not_the_absence_of_one() -> None:
    host = Host()
    edge = Edge(host)
    edge.birth(double("Tank/Level", 50.0, 0))
    assert edge.data(by_alias(0, 51.0)) == [Sample("E1.tank.level", NOON_MS, 51.0)]
    assert edge.data(Metric(datatype=DataType.DOUBLE, double_value=52.0)) == []
    assert host.reasons == ["no_name"]
    assert host.asks() == []


def test_metric_that_its_birth_lacks_is_listed() -> None:
    host = Host()
    Edge(host).birth(double("Tank/Open", 1.0, 2), double("tank/level", 1.0, 3))
    assert list(host.reader.roll.unreadable()) == ["E1/EON1: Tank/Level"]


def test_unit_that_is_another_than_the_tags_is_counted_and_told() -> None:
    host = Host()
    unit = PropertySet(keys=["engUnit"], values=[PropertyValue(type=12, string_value="1")])
    Edge(host).birth(double("Tank/Level", 0.5, 1, properties=unit))
    assert host.deviations()["unit_differs"] == 1
    assert "engUnit" in host.devices["E1/EON1"].last_error


def test_device_that_does_not_follow_its_edge_nodes_birth_is_marked_bad() -> None:
    host, edge = _born()
    host.now_ms += S_MS
    edge.birth()
    edge.device_birth("PLC", double("Speed", 3.0, 31))
    assert host.wait(14 * S_MS) == ([], [])
    _, marked = host.wait(S_MS)
    assert {(one.tag, one.value, one.quality) for one in marked} == {
        ("E1.stack.so2", None, "bad/not_connected"),
        ("E1.stack.nox", None, "bad/not_connected"),
    }
    assert not host.devices["E1/EON1/CEMS1"].connected
    assert host.wait(S_MS)[1] == []


def test_device_birth_that_overtook_its_edge_nodes_is_kept() -> None:
    host = Host()
    edge = Edge(host)
    edge.seq = 1
    edge.device_birth("CEMS1", double("Stack/SO2", 12.5, 21))
    edge.birth()
    edge.seq = 2
    assert edge.data(by_alias(21, 13.0), device="CEMS1") == [Sample("E1.stack.so2", NOON_MS, 13.0)]
    assert "seq_gap" not in host.deviations()


# --- deaths


def test_death_of_an_edge_node_marks_all_its_tags_and_those_of_its_devices() -> None:
    host, edge = _born()
    host.now_ms += S_MS
    dead = edge.death()
    assert {one.tag for one in dead} == {
        "E1.tank.level", "E1.tank.open", "E1.stack.so2", "E1.stack.nox", "E1.plc.speed",
    }  # fmt: skip
    assert {(one.t_ms, one.value, one.quality) for one in dead} == {(NOON_MS + S_MS, None, "bad/not_connected")}
    assert [one.connected for one in host.devices.values() if one.enterprise == "E1"] == [False] * 3


def test_death_of_a_device_marks_its_own_tags_only() -> None:
    host, edge = _born()
    host.now_ms += S_MS
    assert [one.tag for one in edge.device_death("PLC")] == ["E1.plc.speed"]
    assert edge.data(by_alias(1, 51.0)) == [Sample("E1.tank.level", NOON_MS + S_MS, 51.0)]
    assert host.asks() == []


def test_death_of_an_earlier_session_kills_nobody() -> None:
    host, edge = _born()
    edge.bd_seq = 1
    edge.birth()
    assert edge.death(bd_seq=0) == []
    assert host.deviations()["death_of_earlier_session"] == 1
    assert edge.death(bd_seq=1) != []


def test_who_died_twice_is_marked_once() -> None:
    _, edge = _born()
    assert edge.death() != []
    assert edge.death() == []


def test_death_is_newer_than_every_value_though_the_devices_clock_is_ahead() -> None:
    host = Host()
    edge = Edge(host)
    edge.birth(double("Tank/Level", 50.0, 1, timestamp=NOON_MS + 20 * S_MS), t_ms=NOON_MS + 20 * S_MS)
    host.now_ms += S_MS
    (level,) = [one for one in edge.death() if one.tag == "E1.tank.level"]
    assert level.t_ms == NOON_MS + 21 * S_MS


def test_value_from_before_the_death_is_shown_again_at_the_birth() -> None:
    host, edge = _born()
    host.now_ms += 10 * S_MS
    edge.death()
    host.now_ms += 10 * S_MS
    born = edge.birth(double("Tank/Level", 50.0, 1, timestamp=NOON_MS - S_MS))
    assert born == [Sample("E1.tank.level", NOON_MS - S_MS, 50.0), Sample("E1.tank.level", NOON_MS + 20 * S_MS, 50.0)]


def test_birth_that_its_own_death_has_overtaken_is_to_be_confirmed() -> None:
    host, edge = _born()
    edge.death()
    edge.birth()
    assert host.asks() == ["E1/EON1"]
    _, marked = host.wait(5 * S_MS)
    assert "E1.tank.level" in {one.tag for one in marked}
    assert not host.devices["E1/EON1"].connected


def test_birth_right_after_a_death_is_believed_once_anything_follows() -> None:
    host, edge = _born()
    edge.death()
    edge.birth()
    edge.data(by_alias(1, 51.0))
    assert "E1.tank.level" not in {one.tag for one in host.wait(6 * S_MS)[1]}


# --- gaps and rebirths


def test_gap_asks_for_a_rebirth_and_known_aliases_are_stored_all_the_same() -> None:
    host, edge = _born()
    edge.lose_a_message()
    assert edge.data(by_alias(1, 51.0)) == [Sample("E1.tank.level", NOON_MS, 51.0)]
    assert host.asks() == ["E1/EON1"]
    assert host.deviations() == {"seq_gap": 1}


def test_gap_that_closes_within_the_reorder_timeout_asks_for_nothing() -> None:
    host, edge = _born(reorder_timeout="1s")
    edge.lose_a_message()
    edge.data(by_alias(1, 51.0))
    assert host.wait(500) == ([], [])
    edge.seq -= 2
    edge.data(by_alias(1, 50.5))
    assert host.wait(5 * S_MS) == ([], [])


def test_requests_are_repeated_with_growing_pauses_until_the_birth_comes() -> None:
    host, edge = _born()
    edge.lose_a_message()
    edge.data(by_alias(1, 51.0))
    asked = [second for second in range(80) if host.wait(S_MS if second else 0)[0]]
    assert asked == [0, 5, 15, 35, 75]
    assert "does not answer" in host.reader.roll.unreadable()["E1/EON1"]
    edge.birth()
    assert not any(host.wait(S_MS)[0] for _ in range(400))
    assert "E1/EON1" not in host.reader.roll.unreadable()


def test_edge_node_that_is_in_disorder_again_and_again_is_not_asked_without_end() -> None:
    host, edge = _born()
    asked = 0
    for _ in range(600):
        edge.lose_a_message()
        edge.data(by_alias(1, 51.0))
        asked += len(host.wait(S_MS)[0])
        edge.birth()
    assert asked <= 8


def test_data_before_the_birth_asks_for_it_and_what_has_a_name_is_stored() -> None:
    host = Host()
    edge = Edge(host)
    assert edge.data(by_alias(1, 51.0), double("Tank/Open", 1.0)) == [Sample("E1.tank.open", NOON_MS, 1.0)]
    assert host.reasons == ["unknown_alias"]
    assert host.asks() == ["E1/EON1"]
    assert host.deviations()["data_before_birth"] == 1


def test_alias_of_another_type_than_it_was_born_with_is_in_doubt() -> None:
    host, edge = _born()
    assert edge.data(Metric(alias=1, datatype=DataType.BOOLEAN, boolean_value=True)) == []
    assert host.reasons == ["alias_in_doubt"]
    assert host.asks() == ["E1/EON1"]


def test_last_words_that_come_after_the_death_do_not_make_us_ask_for_ever() -> None:
    host, edge = _born()
    edge.death()
    edge.data(by_alias(1, 51.0))
    assert sum(len(host.wait(S_MS)[0]) for _ in range(600)) == 3
    assert "E1/EON1" not in host.reader.roll.unreadable()


def test_everything_is_in_doubt_after_the_broker_was_away() -> None:
    host, edge = _born()
    host.reader.book.lose()
    host.reader.book.greet(host.now_ms * 1000)
    assert edge.data(by_alias(1, 51.0)) == []
    assert host.asks() == ["E1/EON1"]


def test_edge_nodes_of_the_park_are_asked_three_times_after_connecting() -> None:
    host = Host()
    host.reader.book.greet(host.now_ms * 1000)
    asked = [(second, one) for second in range(120) for one in host.wait(S_MS)[0]]
    assert [second for second, one in asked if one == "E2/EON1"] == [2, 7, 17]


def test_edge_node_that_is_born_by_itself_is_not_asked() -> None:
    host = Host()
    host.reader.book.greet(host.now_ms * 1000)
    Edge(host).birth()
    assert "E1/EON1" not in [one for _ in range(60) for one in host.wait(S_MS)[0]]


def test_who_is_not_heard_of_after_connecting_is_marked_bad_in_the_end() -> None:
    host, edge = _born()
    host.reader.book.lose()
    host.reader.book.greet(host.now_ms * 1000)
    host.now_ms += S_MS
    edge.birth()
    marked = [one for _ in range(70) for one in host.wait(S_MS)[1]]
    assert {one.tag for one in marked} == {"E2.tank.level", "E1.stack.so2", "E1.stack.nox", "E1.plc.speed"}
    assert {one.quality for one in marked} == {"bad/not_connected"}
    assert len(marked) == 4


# --- whose is what


def test_metric_of_one_enterprise_is_never_a_tag_of_another() -> None:
    host = Host()
    assert [one.tag for one in Edge(host, group="E2").birth()] == ["E2.tank.level"]
    assert [one.tag for one in Edge(host, group="E1").birth()] == ["E1.tank.level", "E1.tank.open"]


def test_group_without_an_enterprise_is_a_dead_letter() -> None:
    host = Host(enterprise_of={"West": "E1"})
    assert Edge(host, group="E1").birth() == []
    assert host.reasons == ["unknown_enterprise"]
    assert [one.tag for one in Edge(host, group="West").birth()] == ["E1.tank.level", "E1.tank.open"]


def test_tag_of_another_connector_is_out_of_reach() -> None:
    host = Host()
    assert Edge(host).birth(double("DCS", 1.0)) == []
    assert host.reasons == []


def test_enterprise_that_the_park_lacks_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"'nobody'.*the park has E1, E2, park"):
        Host(enterprise_of={"West": "nobody"})


def test_made_up_edge_nodes_are_bounded_and_crowd_out_no_other_enterprise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sparkplug.roll.MOST_PARTIES", 10)
    host = Host()
    for number in range(20):
        host.hear(f"spBv1.0/E1/NBIRTH/made-up-{number}", Payload(seq=0))
    assert set(host.reasons) == {"too_many_devices"}
    assert len(host.devices) == 10 + 1
    assert Edge(host, group="E2").birth() != []


def test_made_up_aliases_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sparkplug.roll.MOST_ALIASES", 10)
    host = Host()
    edge = Edge(host)
    edge.birth(*(double(f"m{i}", 1.0, i) for i in range(20)))
    assert host.reasons == ["too_many_metrics"]
    edge.birth()
    assert edge.data(by_alias(1, 51.0)) != []
