"""What the alert book knows of the plant: what a target stands for, what brings it, what is near."""

import pytest

from service.alerts.site import Site, distance_m
from tests.unit.service.plant import PLANT_YAML, SITE, plant_tags


def test_targets_stand_for_their_tags() -> None:
    assert SITE.parts("acme.T2.level") == {"acme.T2.level"}
    assert SITE.parts("acme.T2") == SITE.parts("dcs/plc-2") == {"acme.T2.level", "acme.T2.temp"}
    assert SITE.parts("dcs") == SITE.parts("acme.T1") | SITE.parts("acme.T2")
    assert SITE.parts("nothing") == frozenset()


def test_tag_is_brought_by_its_device_and_that_by_its_connection() -> None:
    assert SITE.lines("acme.T2.level") == ("dcs/plc-2", "dcs")
    assert SITE.lines("dcs/plc-2") == ("dcs",)
    assert SITE.lines("acme.GD.ga-1") == ("gds",)
    behind = ["acme.T1.level", "acme.T1.temp", "acme.T2.level", "acme.T2.temp", "dcs/plc-1", "dcs/plc-2"]
    assert SITE.behind("dcs") == behind


def test_connection_that_tags_without_a_device_share_a_name_with_stands_for_them_alone() -> None:
    site = Site(plant_tags(PLANT_YAML.replace("from: {connector: gds}", "from: {connector: dcs}")))
    assert site.lines("acme.T2.level") == ("dcs/plc-2",)
    assert site.behind("dcs") == ["acme.FAR.ga-9", "acme.GD.ga-1"]


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        pytest.param((120.87, 30.15), (120.87, 30.15), 0, id="here"),
        pytest.param((0, 0), (0, 1), 111_195, id="a degree north"),
        pytest.param((120.0, 60.0), (121.0, 60.0), 55_597, id="a degree east at 60 north"),
        pytest.param((179.999, 0), (-179.999, 0), 222, id="across the date line"),
    ],
)
def test_distance_is_the_great_circles(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert distance_m(a, b) == pytest.approx(metres, abs=1)


def test_near_is_within_the_distance_and_the_enterprise() -> None:
    assert SITE.near(frozenset({"acme.T1"}), 100.0) == {"acme.T1", "acme.T2", "acme.GD"}
    assert SITE.near(frozenset({"acme.T1"}), 60.0) == {"acme.T1", "acme.T2"}
    assert SITE.near(frozenset({"acme.T1"}), 2_000.0) == {"acme.T1", "acme.T2", "acme.GD", "acme.FAR"}
