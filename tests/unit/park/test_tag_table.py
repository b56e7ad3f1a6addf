"""A tag's index never changes its meaning, whatever becomes of the park file."""

from hypothesis import given
from hypothesis import strategies as st

from park.check import load_park
from park.index import TagTable
from tests.unit.park.parks import VALID, but


def table(text: str = VALID, ix_of: dict[str, int] | None = None) -> TagTable:
    """The tags of a park file."""
    return TagTable(load_park(text, "park.yaml").park, ix_of)


def test_tags_of_a_new_park_are_numbered_in_file_order() -> None:
    assert table().ix_of == {
        "shangyu.weather.wind-speed": 0,
        "acme.tank-1.LT-101": 1,
        "acme.tank-1.TT-101": 2,
        "zeta.outlet-1.NO": 3,
    }


def test_known_tags_keep_their_index_and_new_ones_follow() -> None:
    tags = table(ix_of={"acme.tank-1.TT-101": 7, "acme.tank-1.LT-101": 2})
    assert tags.ix_of == {
        "shangyu.weather.wind-speed": 8,
        "acme.tank-1.LT-101": 2,
        "acme.tank-1.TT-101": 7,
        "zeta.outlet-1.NO": 9,
    }
    assert tags.size == 10


def test_tag_that_left_the_park_leaves_a_hole() -> None:
    before = table().ix_of
    text = but("          - id: TT-101\n            quantity: temperature\n            unit: ℃\n", "")
    after = table(text, before)
    assert (len(after), after.size) == (3, 4)
    assert after.in_use.tolist() == [True, True, False, True]
    assert after.by_ix(before["acme.tank-1.TT-101"]) is None
    assert after.by_id("acme.tank-1.TT-101") is None


@given(st.permutations(range(4)), st.sets(st.integers(0, 3)), st.integers(0, 5))
def test_any_registry_is_respected(order: list[int], known: set[int], gap: int) -> None:
    ids = list(table().ix_of)
    registry = {ids[i]: order[i] + gap for i in known} | {"gone.tank.tag": 4 + gap}
    tags = table(ix_of=registry)
    assert all(tags.ix_of[tag_id] == registry[tag_id] for tag_id in ids if tag_id in registry)
    assert all(tags.ix_of[tag_id] > 4 + gap for tag_id in ids if tag_id not in registry)
    assert len(set(tags.ix_of.values())) == 4
    assert tags.in_use.sum() == 4
    assert [info.ix for info in tags.infos if tags.by_ix(info.ix) is not info or tags.by_id(info.id) is not info] == []


def test_park_without_tags_has_an_empty_table() -> None:
    tags = table("id: p\nname: P")
    assert (len(tags), tags.size, tags.in_use.tolist()) == (0, 0, [])


def test_connector_gets_its_own_tags_in_file_order() -> None:
    assert [info.tag.id for info in table().of_connector("dcs")] == ["LT-101", "TT-101"]
    assert table().of_connector("nobody") == []


def test_what_falls_silent_as_one_is_named_by_connector_and_device() -> None:
    assert [info.device for info in table().infos] == ["stations", "dcs/plc-1", "dcs/plc-1", "cems"]


def test_address_is_the_tags_own_id_unless_it_says_otherwise() -> None:
    assert [info.address for info in table().infos] == ["wind-speed", "LT-101", "TT-101", "a21003"]


def test_tag_overrides_its_sources_device() -> None:
    text = but("unit: ℃", "unit: ℃\n            from: {connector: dcs, device: plc-2, address: X}")
    info = table(text).infos[2]
    assert (info.device, info.address) == ("dcs/plc-2", "X")


def test_tag_of_the_same_connector_inherits_the_device() -> None:
    assert table(but("unit: ℃", "unit: ℃\n            from: {connector: dcs}")).infos[2].device == "dcs/plc-1"


def test_device_of_another_connector_is_not_inherited() -> None:
    assert table(but("unit: ℃", "unit: ℃\n            from: {connector: lab}")).infos[2].device == "lab"


def test_tag_from_nowhere_has_no_device() -> None:
    tags = table(but("            from: {connector: cems, address: a21003}\n", ""))
    assert tags.infos[3].device == ""
