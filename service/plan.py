"""The park's plan (园区平面图): a GeoJSON file of the park's own, drawn under the sources on every map.

RFC 7946, WGS 84. What a feature's property ``kind`` says decides how it is drawn and in which layer; ``name`` is
written beside it. Without a plan the map shows the sources alone.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from park.yamlfile import text_of

#: Boundary 边界, plot 地块, building 建筑, road 道路, rail 铁路, pipe rack 管廊, water 水体, green 绿地, gate 门.
KINDS = ("boundary", "plot", "building", "road", "rail", "pipe_rack", "water", "green", "gate")
_MOST_BYTES = 8 * 1024 * 1024


def _flat(place: object) -> object:
    """Heights, which many programs export, are left out."""
    return place[:2] if isinstance(place, list) and len(place) == 3 else place


_Place = Annotated[
    tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]], BeforeValidator(_flat)
]
_Line = Annotated[list[_Place], Field(min_length=2)]
_Ring = Annotated[list[_Place], Field(min_length=4)]


class _Point(BaseModel):
    type: Literal["Point"]
    coordinates: _Place


class _LineString(BaseModel):
    type: Literal["LineString"]
    coordinates: _Line


class _MultiLineString(BaseModel):
    type: Literal["MultiLineString"]
    coordinates: list[_Line]


class _Polygon(BaseModel):
    type: Literal["Polygon"]
    coordinates: Annotated[list[_Ring], Field(min_length=1)]


class _MultiPolygon(BaseModel):
    type: Literal["MultiPolygon"]
    coordinates: list[Annotated[list[_Ring], Field(min_length=1)]]


class _Properties(BaseModel):
    kind: Literal["boundary", "plot", "building", "road", "rail", "pipe_rack", "water", "green", "gate"]
    name: str = ""


class _Feature(BaseModel):
    type: Literal["Feature"]
    properties: _Properties
    geometry: Annotated[_Point | _LineString | _MultiLineString | _Polygon | _MultiPolygon, Field(discriminator="type")]


class Plan(BaseModel):
    """A FeatureCollection; what it does not know of a feature is left out."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[_Feature] = []


_PLAN = TypeAdapter(Plan)


def read_plan(file: Path) -> dict[str, Any]:
    """As plain data. Raises ValueError naming the file, the feature, what is wrong, and the cure; and OSError."""
    data = file.read_bytes()
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{file}: {len(data)} bytes are more than a plan takes ({_MOST_BYTES}); simplify its outlines")
    try:
        told = orjson.loads(text_of(data, str(file)))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{file}: not JSON ({error}); export the plan as GeoJSON") from None
    try:
        return _PLAN.validate_python(told).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(one) for one in first["loc"])
        cure = f"kinds are {', '.join(KINDS)}; coordinates are [longitude, latitude] in degrees, WGS 84"
        raise ValueError(f"{file}: {place} is {str(first['input'])[:60]}: {first['msg']}; {cure}") from None
