"""The park model: park, enterprises, sources, tags. What a park file says, checked at birth and frozen.

Every id is unique among its siblings; a tag's full id is ``enterprise.source.tag`` and is unique in the park.
Sources that all enterprises share (weather, air and fence-line stations) stand in the park itself, whose id then
takes the place of the enterprise's.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, field_validator, model_validator

from park import units
from park.duration import DurationUs
from park.gb18218 import Chemical, Grade
from park.outlet import AIR_STANDARDS, USUAL, Outlet, OutletInvalid, Role

#: Letters, digits, ``-`` and ``_``: safe in a topic, a path, a rule expression.
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
_WIRE_NAME = r"[^\s/+#\x00-\x1f](?:[^/+#\x00-\x1f]{0,62}[^\s/+#\x00-\x1f])?"
#: As the device is called on the wire; of an edge node with devices behind it, ``EDGE/DEVICE``.
DeviceName = Annotated[str, StringConstraints(pattern=rf"^{_WIRE_NAME}(?:/{_WIRE_NAME})?$")]
_Loc = tuple[int | str, ...]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class SourceKind(StrEnum):
    """What a source is. The Chinese term stands beside each once, here."""

    TANK = "tank"  # 储罐
    REACTOR = "reactor"  # 反应装置
    UNIT = "unit"  # 其他装置
    GAS_DETECTORS = "gas_detectors"  # 气体探测器组
    WASTE_GAS_OUTLET = "waste_gas_outlet"  # 废气排放口
    WASTE_WATER_OUTLET = "waste_water_outlet"  # 废水排放口
    FENCE_LINE = "fence_line"  # 厂界监测点
    AIR_STATION = "air_station"  # 空气自动监测站
    WEATHER_STATION = "weather_station"  # 气象站
    TREATMENT_UNIT = "treatment_unit"  # 环保治理设施
    WASTE_STORE = "waste_store"  # 危废贮存场所


#: The kinds whose emissions or surroundings are judged (section ``outlet``).
OUTLET_KINDS = frozenset(
    {
        SourceKind.WASTE_GAS_OUTLET,
        SourceKind.WASTE_WATER_OUTLET,
        SourceKind.FENCE_LINE,
        SourceKind.AIR_STATION,
    }
)


class Level(StrEnum):
    """Alarm levels of a tag, in the order in which a value passes them upward."""

    LL = "LL"
    L = "L"
    H = "H"
    HH = "HH"


class Limit(_Model):
    """One alarm limit. A bare number in the file means a limit without deadband or delays of its own."""

    #: In the tag's unit; passed strictly: ``value > limit`` on the high side, ``value < limit`` on the low side.
    limit: float
    #: Tag's unit; the condition ends at ``limit - deadband`` (high) or ``limit + deadband`` (low). None: the tag's.
    deadband: float | None = Field(default=None, ge=0)
    #: The condition must hold this long, unbroken, before the alarm is raised. None: the tag's.
    on_delay: DurationUs | None = None
    #: The condition must be over this long, unbroken, before the alarm is cleared. None: the tag's.
    off_delay: DurationUs | None = None


class Alarms(_Model):
    """The alarm limits of a tag and what they share."""

    HH: Limit | None = None
    H: Limit | None = None
    L: Limit | None = None
    LL: Limit | None = None
    deadband: float = Field(default=0.0, ge=0)
    on_delay: DurationUs = 0
    off_delay: DurationUs = 0

    @field_validator("HH", "H", "L", "LL", mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        return {"limit": value} if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _in_order(self) -> "Alarms":
        given = [(level, limit.limit) for level, limit in self.limits()]
        for (low, a), (high, b) in pairwise(given):
            if a >= b:
                raise ValueError(f"{low.value} is {a:g} and {high.value} is {b:g}; limits must rise: LL < L < H < HH")
        return self

    def limits(self) -> list[tuple[Level, Limit]]:
        """The limits that are set, from LL up to HH."""
        return [(level, limit) for level in Level if (limit := getattr(self, level.value)) is not None]


class From(_Model):
    """Where a tag comes from. On a source it is the default of the source's tags."""

    #: Id of a connector in the service's configuration.
    connector: Id
    #: The device behind the connector; tags of one connector and device fall silent together, in one alarm.
    device: DeviceName | None = None
    #: OPC UA NodeId (``ns=2;s=TI-101``) or browse path (``/Objects/2:Plant/2:TI-101``); the name in an MQTT payload.
    #: None: the tag's own id.
    address: str | None = None


class Tag(_Model):
    """One measured quantity."""

    id: Id
    #: What is measured, in one word: ``level``, ``temperature``, ``benzene``; rules select by it.
    quantity: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9_]*$")
    unit: str
    name: str = ""
    #: Lower and upper end of the instrument's range, in the tag's unit.
    span: tuple[float, float] | None = None
    #: Below it a value means "not detected"; in the tag's unit.
    detection_limit: float | None = Field(default=None, ge=0)
    alarms: Alarms | None = None
    #: Stale when the last good sample is older than this. None: never.
    stale_after: DurationUs | None = Field(default=None, gt=0)
    #: How long it must be stale before the communication alarm.
    stale_delay: DurationUs = 10_000_000
    from_: From | None = Field(default=None, alias="from")
    #: True for states and counters, which may rightly stand still.
    discrete: bool = False
    #: Unchanged for so long it is stuck (rules of kind ``frozen``). None: as the rule says.
    frozen_after: DurationUs | None = Field(default=None, gt=0)
    #: Values within this of each other are the same, in the tag's unit.
    frozen_tolerance: float = Field(default=0.0, ge=0)

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        units.parse(unit)
        return unit

    @field_validator("span")
    @classmethod
    def _span_rises(cls, span: tuple[float, float] | None) -> tuple[float, float] | None:
        if span is not None and span[0] >= span[1]:
            raise ValueError(f"the span must rise: [{span[0]:g}, {span[1]:g}] does not")
        return span


class Hazard(_Model):
    """A major hazard installation (重大危险源) as its owner declared it, GB 18218-2018."""

    #: Declared grade: 1 (一级, worst) to 4. `check` compares it with the computed one.
    grade: Grade
    #: Permanent population within 500 m outside the factory boundary (GB 18218-2018, 4.3.4).
    population_500m: int = Field(ge=0)
    chemicals: tuple[Chemical, ...] = Field(min_length=1)


class Contact(_Model):
    """Whom to call."""

    name: str = Field(min_length=1)
    #: What they answer for: ``安全总监``, ``24 h``.
    duty: str = ""
    phone: str = Field(pattern=r"^[0-9+][0-9 ()+/-]{2,30}$")


class Document(_Model):
    """Where guidance stands: an emergency plan, a data sheet, a permit."""

    title: str = Field(min_length=1)
    #: Opened by whoever clicks it; nothing is fetched by the service.
    url: str = Field(pattern=r"^https?://[^\s]+$")


class Source(_Model):
    """A tank, reactor, outlet, station, ...: what stands somewhere and has tags."""

    id: Id
    kind: SourceKind
    name: str = ""
    #: WGS 84, degrees: longitude, latitude.
    position: tuple[
        Annotated[float, Field(ge=-180, le=180)],
        Annotated[float, Field(ge=-90, le=90)],
    ]
    hazard: Hazard | None = None
    #: Only on sources of `OUTLET_KINDS`. None: what `judged_as` says.
    outlet: Outlet | None = None
    from_: From | None = Field(default=None, alias="from")
    documents: tuple[Document, ...] = ()
    tags: tuple[Tag, ...] = ()

    @model_validator(mode="after")
    def _outlet_fits(self) -> "Source":
        if self.outlet is None:
            return self
        if self.kind not in OUTLET_KINDS:
            kinds = ", ".join(sorted(OUTLET_KINDS))
            raise OutletInvalid([(("outlet",), f"a {self.kind} has no outlet; remove it, or make the kind {kinds}")])
        ids = [tag.id for tag in self.tags]
        strangers = [(role, given) for role, given in self.outlet.roles if given is not None and given not in ids]
        if strangers:
            raise OutletInvalid(
                [
                    (("outlet", "roles", role), f"{self.id} has no tag {given!r}; its tags are {', '.join(ids)}")
                    for role, given in strangers
                ]
            )
        return self

    @property
    def judged_as(self) -> Outlet | None:
        """The facts that judgement goes by, defaults where the file is silent; None: this kind is not judged."""
        if self.kind not in OUTLET_KINDS:
            return None
        outlet = self.outlet or USUAL
        if self.kind is SourceKind.AIR_STATION and not outlet.standards:
            return outlet.model_copy(update={"standards": AIR_STANDARDS})
        return outlet

    def role(self, role: Role) -> Tag | None:
        """The tag that has the role: the one named, else the first whose quantity is the role's word."""
        named = getattr(self.outlet.roles, role.value) if self.outlet else None
        return next((tag for tag in self.tags if (tag.id == named if named else tag.quantity == role.value)), None)


class Enterprise(_Model):
    """One enterprise of the park."""

    id: Id
    name: str
    contacts: tuple[Contact, ...] = ()
    documents: tuple[Document, ...] = ()
    sources: tuple[Source, ...] = ()


class Park(_Model):
    """The whole park file. ``Park.tags()`` walks it in file order."""

    version: Literal[1] = 1
    id: Id
    name: str
    #: Shared sources: weather, air and fence-line stations.
    sources: tuple[Source, ...] = ()
    enterprises: tuple[Enterprise, ...] = ()
    #: Samples whose source time is further ahead of the clock are quarantined.
    future_limit: DurationUs = 60_000_000
    #: Samples older than this are quarantined: no outage is that long.
    past_limit_days: PositiveInt = 400

    @model_validator(mode="after")
    def _unique_ids(self) -> "Park":
        places = list(self._duplicates())
        if places:
            raise DuplicateIds(places)
        return self

    def _duplicates(self) -> Iterator[tuple[_Loc, str]]:
        parties: list[tuple[_Loc, str]] = [(("id",), self.id)]
        parties += [(("enterprises", e, "id"), enterprise.id) for e, enterprise in enumerate(self.enterprises)]
        yield from _second_ones("park and enterprises", parties)
        yield from _second_ones_in(self.sources, ("sources",))
        for e, enterprise in enumerate(self.enterprises):
            yield from _second_ones_in(enterprise.sources, ("enterprises", e, "sources"))

    def owners(self) -> Iterator[tuple[str, tuple[Source, ...]]]:
        """(enterprise id, its sources), the park's own first."""
        yield self.id, self.sources
        for enterprise in self.enterprises:
            yield enterprise.id, enterprise.sources

    def tags(self) -> Iterator[tuple[str, Source, Tag]]:
        """(enterprise id, source, tag) of every tag, in file order."""
        for owner, sources in self.owners():
            for source in sources:
                for tag in source.tags:
                    yield owner, source, tag


class DuplicateIds(ValueError):
    """Siblings have one id. ``places``: of every second one, how it is reached from the park, and what is wrong."""

    def __init__(self, places: Sequence[tuple[_Loc, str]]) -> None:
        super().__init__("; ".join(message for _, message in places))
        self.places = places


def _second_ones(what: str, ids: Iterable[tuple[_Loc, str]]) -> Iterator[tuple[_Loc, str]]:
    seen: set[str] = set()
    for loc, one in ids:
        if one in seen:
            yield loc, f"two {what} have the id {one!r}; ids must be unique"
        seen.add(one)


def _second_ones_in(sources: tuple[Source, ...], loc: _Loc) -> Iterator[tuple[_Loc, str]]:
    yield from _second_ones("sources", (((*loc, i, "id"), source.id) for i, source in enumerate(sources)))
    for i, source in enumerate(sources):
        tags = (((*loc, i, "tags", t, "id"), tag.id) for t, tag in enumerate(source.tags))
        yield from _second_ones("tags", tags)
