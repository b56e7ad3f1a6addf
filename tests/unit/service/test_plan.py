"""The park's plan: what is drawn, and what is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.plan import read_plan

SQUARE = [[121.5, 30.8], [121.51, 30.8], [121.51, 30.81], [121.5, 30.8]]


def feature(kind: str = "plot", **geometry: Any) -> dict[str, Any]:
    shape = geometry or {"type": "Polygon", "coordinates": [SQUARE]}
    return {"type": "Feature", "properties": {"kind": kind, "name": "安科"}, "geometry": shape}


def written(directory: Path, *features: Any) -> Path:
    file = directory / "plan.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return file


def test_a_plan_is_read_as_it_is_and_what_is_unknown_is_left_out(tmp_path: Path) -> None:
    road = feature("road", type="LineString", coordinates=SQUARE[:2])
    high = feature("road", type="LineString", coordinates=[[*place, 12.5] for place in SQUARE[:2]])
    plan = read_plan(written(tmp_path, {**feature(), "id": 7}, high))
    assert plan["features"] == [feature(), road]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (feature("castle"), "features.0.properties.kind"),
        (feature(type="Polygon", coordinates=[SQUARE[:2]]), "features.0.geometry.Polygon.coordinates.0"),
        (feature(type="Point", coordinates=[30.8, 121.5]), "less than or equal to 90"),
        (feature(type="Circle", coordinates=[1, 2]), "features.0.geometry"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_place_and_the_cure(tmp_path: Path, broken: Any, said: str) -> None:
    with pytest.raises(ValueError, match=r"longitude, latitude") as refused:
        read_plan(written(tmp_path, broken))
    assert said in str(refused.value)
    assert "plan.geojson" in str(refused.value)


def test_what_is_wrong_is_shown_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind is castle"):
        read_plan(written(tmp_path, feature("castle")))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.geojson"
    file.write_text("<svg/>", "utf-8")
    with pytest.raises(ValueError, match="not JSON"):
        read_plan(file)
