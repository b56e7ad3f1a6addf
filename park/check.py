"""Reads a park file and tells what is wrong with it (errors) and what is odd about it (warnings)."""

from collections.abc import Iterator
from dataclasses import dataclass

from park.gb18218 import assess
from park.model import Level, Park, Source, Tag
from park.outlet_check import outlet_oddities
from park.yamlfile import Document, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPark:
    """A park that can be used, and the warnings about it."""

    park: Park
    warnings: list[Problem]


def load_park(text: str, file: str) -> CheckedPark:
    """Parse and check a park file's text; ``file`` is its name in messages. Raises park.yamlfile.FileInvalid."""
    document = Document(text, file)
    park = document.model(Park)
    warnings = [document.problem(loc, message) for loc, message in _oddities(park)]
    return CheckedPark(park=park, warnings=warnings)


_Oddity = tuple[tuple[int | str, ...], str]


def _oddities(park: Park) -> Iterator[_Oddity]:
    for i, source in enumerate(park.sources):
        yield from _of_source(("sources", i), source)
    for e, enterprise in enumerate(park.enterprises):
        for i, source in enumerate(enterprise.sources):
            yield from _of_source(("enterprises", e, "sources", i), source)


def _of_source(loc: tuple[int | str, ...], source: Source) -> Iterator[_Oddity]:
    if source.hazard is not None:
        yield from _of_grade((*loc, "hazard"), source)
    if source.outlet is not None:
        yield from (((*loc, "outlet", *at), f"{source.id}: {message}") for at, message in outlet_oddities(source))
    yield from _of_addresses(loc, source)
    for i, tag in enumerate(source.tags):
        at = (*loc, "tags", i)
        yield from _of_tag(at, tag)
        if tag.from_ is None and source.from_ is None:
            yield (at, f"tag {tag.id!r} says not where it comes from; add from: to it or to its source")


def _of_addresses(loc: tuple[int | str, ...], source: Source) -> Iterator[_Oddity]:
    if source.from_ is None or source.from_.address is None:
        return
    heirs = [(i, tag.id) for i, tag in enumerate(source.tags) if tag.from_ is None]
    for i, tag_id in heirs[1:]:
        yield ((*loc, "tags", i), f"tag {tag_id!r} reads the same address as {heirs[0][1]!r}: the source's own")


def _of_grade(loc: tuple[int | str, ...], source: Source) -> Iterator[_Oddity]:
    hazard = source.hazard
    assert hazard is not None
    found = assess(hazard.chemicals, hazard.population_500m)
    figures = f"GB 18218-2018 gives S = {found.s:.3g}, R = {found.r:.3g}"
    if found.grade is None:
        yield (loc, f"{source.id} is declared grade {hazard.grade}, but {figures}: S < 1, no major hazard installation")
    elif found.grade != hazard.grade:
        yield ((*loc, "grade"), f"{source.id} is declared grade {hazard.grade}, but {figures}: grade {found.grade}")


def _of_tag(loc: tuple[int | str, ...], tag: Tag) -> Iterator[_Oddity]:
    if tag.alarms is None:
        return
    limits = tag.alarms.limits()
    for level, limit in limits:
        if tag.span is not None and not tag.span[0] < limit.limit < tag.span[1]:
            yield (
                (*loc, "alarms", level.value),
                f"{tag.id}: {level.value} {limit.limit:g} is not inside the span "
                f"[{tag.span[0]:g}, {tag.span[1]:g}] {tag.unit}: {_fate(level, limit.limit, tag.span)}",
            )
    if limits and tag.stale_after is None:
        yield (loc, f"{tag.id} has alarm limits but no stale_after: its silence would go unnoticed")


def _fate(level: Level, limit: float, span: tuple[float, float]) -> str:
    is_high = level in (Level.H, Level.HH)
    return "this alarm can never be raised" if is_high == (limit >= span[1]) else "this alarm would always stand"
