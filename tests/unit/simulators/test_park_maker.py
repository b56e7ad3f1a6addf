"""Generated parks: as many tags as asked, the same for the same seed, and such as could stand somewhere."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.check import load_park
from park.gb18218 import assess
from park.index import TagTable
from park.model import Level, Park, SourceKind
from simulators.park_maker import ORIGIN, SPACING_M, make_park
from simulators.park_yaml import to_yaml
from simulators.plume import local_m
from simulators.steady import working_point

#: Of the park of 120 enterprises and 20 000 tags, seed 1, as text.
PARK_120_SHA256 = "f90b91ae05742ea653419680b280239afcb090e93c951db40a005b94208ecdab"

#: (enterprises, tags of each, seed)
sizes = st.tuples(st.integers(1, 12), st.integers(1, 150), st.integers(0, 2**31))
slow = settings(max_examples=15, deadline=None)


def _made(size: tuple[int, int, int]) -> Park:
    enterprises, each, seed = size
    return make_park(enterprises, enterprises * each + seed % 7, seed)


@slow
@given(enterprises=st.integers(1, 30), extra=st.integers(0, 2000), seed=st.integers(0, 2**31))
def test_it_has_exactly_the_tags_and_enterprises_asked_for(enterprises: int, extra: int, seed: int) -> None:
    park = make_park(enterprises, enterprises + extra, seed)
    assert len(park.enterprises) == enterprises
    assert sum(1 for _ in park.tags()) == enterprises + extra
    assert all(sum(len(source.tags) for source in one.sources) >= 1 for one in park.enterprises)


@slow
@given(sizes)
def test_declared_grades_are_those_of_gb_18218(size: tuple[int, int, int]) -> None:
    park = _made(size)
    for _, sources in park.owners():
        for source in sources:
            if source.hazard is not None:
                assert assess(source.hazard.chemicals, source.hazard.population_500m).grade == source.hazard.grade


@slow
@given(sizes)
def test_no_two_sources_stand_in_one_another(size: tuple[int, int, int]) -> None:
    park = _made(size)
    places = np.array([local_m(source.position, ORIGIN) for one in park.enterprises for source in one.sources])
    apart = np.hypot(*(places[:, None, :] - places[None, :, :]).T)
    np.fill_diagonal(apart, np.inf)
    assert len(places) == 1 or apart.min() >= SPACING_M - 0.5


@slow
@given(sizes)
def test_every_working_point_is_far_inside_its_limits(size: tuple[int, int, int]) -> None:
    park = _made(size)
    for _, _, tag in park.tags():
        for share in (0.0, 1.0):
            mean, sigma = working_point(tag, share)
            for level, limit in tag.alarms.limits() if tag.alarms else ():
                room = limit.limit - mean if level in (Level.H, Level.HH) else mean - limit.limit
                assert room > 10 * sigma, tag


@slow
@given(sizes)
def test_what_is_written_reads_back_equal(size: tuple[int, int, int]) -> None:
    park = _made(size)
    checked = load_park(to_yaml(park), "made.yaml")
    assert checked.park == park
    assert checked.warnings == []


def test_one_seed_gives_one_text_and_another_another() -> None:
    first, again, other = (to_yaml(make_park(10, 1500, seed)) for seed in (4, 4, 5))
    assert first == again
    assert first != other


def test_the_large_park_is_the_same_bytes_on_every_machine() -> None:
    text = to_yaml(make_park(120, 20_000, 1))
    assert hashlib.sha256(text.encode()).hexdigest() == PARK_120_SHA256


def test_a_large_park_has_every_kind_of_source() -> None:
    kinds = {source.kind for _, sources in make_park(10, 2000, 1).owners() for source in sources}
    assert kinds == set(SourceKind)


def test_process_tags_come_by_opc_ua_and_monitors_by_mqtt() -> None:
    table = TagTable(make_park(5, 900, 2))
    connectors = {info.from_.connector for info in table.infos if info.from_}
    assert connectors == {"mqtt", *(f"opcua-e{n:03}" for n in range(1, 6))}
    for info in table.infos:
        assert info.from_ is not None
        if info.from_.connector == "mqtt":
            assert info.from_.device is not None
        else:
            assert info.address.startswith("ns=2;s=")


def test_addresses_are_unique_on_each_server_shared_or_not() -> None:
    for park in (make_park(9, 1500, 2), make_park(9, 1500, 2, gateways=2)):
        seen = [(i.from_.connector, i.address) for i in TagTable(park).infos if i.from_ and i.from_.address]
        assert len(seen) == len(set(seen)) > 1000


def test_a_device_belongs_to_one_enterprise() -> None:
    owners: dict[str, set[str]] = {}
    for info in TagTable(make_park(9, 3000, 2)).infos:
        if info.from_ and info.from_.device:
            owners.setdefault(info.device, set()).add(info.enterprise)
    assert all(len(one) == 1 for one in owners.values())


def test_gateways_share_the_enterprises_out() -> None:
    table = TagTable(make_park(9, 1500, 2, gateways=2))
    connectors = {info.from_.connector for info in table.infos if info.from_}
    assert connectors == {"mqtt", "opcua-g1", "opcua-g2"}


def test_names_are_chinese_and_unique() -> None:
    names = [one.name for one in make_park(150, 1500, 1).enterprises]
    assert len(set(names)) == 150
    assert all(name.endswith("有限公司") for name in names)


def test_fewer_tags_than_enterprises_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be dealt out"):
        make_park(10, 9, 1)
