"""Reads what goes into a pack, within the scope of who asks."""

from importlib.metadata import version
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from service.api.access import Caller
from service.api.state import State
from service.api.times import rfc3339
from service.evidence.pack import Contents
from service.incidents.asked import Incident
from service.incidents.timeline import item_shape, items
from service.store.samples import Key, Span
from service.store.telegrams import FrameFilter

#: Samples and telegrams of one pack, at most; the manifest says where it was cut.
_MOST_SAMPLES, _MOST_FRAMES = 5_000_000, 20_000
_PAGE_ROWS = 200_000
_MOST_VERSIONS = 200


async def read_contents(app: State, caller: Caller, about: Incident, asked: dict[str, Any]) -> Contents:
    """Raises StoreUnavailable."""
    queries, scope, view = app.view.queries, caller.scope, app.view
    found = await items(queries, scope, about.subject, about.span, app.names, view.live.since(view.live.oldest - 1))
    alerts = {one["subject"] for one in found if one["kind"] in ("alert", "operator")}
    events = [event for alert in sorted(alerts) for event in await queries.alert_events(scope, alert)]
    samples, cut = await _samples(app, caller, about)
    wanted = FrameFilter(from_us=about.span.from_us, to_us=about.span.to_us)
    frames, _ = await queries.raw_frames(scope, wanted, blocks=5_000, limit=_MOST_FRAMES, before=None)
    of_them = [one for one in frames if one.connector in about.subject.connectors]
    whole = scope.is_everything
    made_us = view.clock()
    return Contents(
        asked={
            "park": view.tags.park.name,
            "about": asked,
            "from": rfc3339(about.span.from_us),
            "to": rfc3339(about.span.to_us),
            "sources": list(about.subject.sources),
            "tags": list(about.subject.tags),
            "by": caller.name,
            "scope": caller.scope.own or "whole park",
            "made": rfc3339(made_us),
            "software": f"parkwatch {version('parkwatch')}",
            "chain": {"id": view.book.chain, "events": view.book.seq, "head": view.book.head},
            "samples_cut": cut,
        },
        timeline=[item_shape(one) for one in found],
        events=sorted({(one.chain, one.seq): one for one in events}.values(), key=lambda one: (one.chain, one.seq)),
        samples=samples,
        frames=[
            {
                "received": rfc3339(one.received_us),
                "connector": one.connector,
                "device": one.frame.device,
                "enterprise": one.frame.enterprise,
                "data": one.frame.data.decode("utf-8", "backslashreplace"),
            }
            for one in of_them
        ],
        # Both name tags of all enterprises.
        rules=await _rules(app, caller, about.span) if whole else {},
        park=view.tags.park.model_dump_json(by_alias=True, exclude_none=True, indent=1) if whole else "",
        park_name=view.tags.park.name,
        from_us=about.span.from_us,
        to_us=about.span.to_us,
        made_us=made_us,
    )


async def _rules(app: State, caller: Caller, span: Span) -> dict[str, str]:
    """Files of every version that was in force in the span, by version and name."""
    queries, journal = app.view.queries, app.view.book.chain
    found: dict[str, str] = {}
    for one in await queries.rule_versions(caller.scope, journal, limit=_MOST_VERSIONS):
        if one.at_us >= span.to_us:
            continue
        version_of_it = await queries.rule_version(caller.scope, journal, one.number)
        for file in version_of_it.files if version_of_it is not None else ():
            found[f"version-{one.number}/{PurePath(file.name).name}"] = file.text
        if one.at_us < span.from_us:
            break  # the one before the span; those before it were over
    return found


async def _samples(app: State, caller: Caller, about: Incident) -> tuple[pa.Table, bool]:
    tables: list[pa.Table] = []
    rows = 0
    start: Key | None = None
    while rows < _MOST_SAMPLES:
        page = await app.view.queries.samples(
            caller.scope, list(about.subject.tags), about.span, limit=_PAGE_ROWS, start=start
        )
        tables.append(page.table)
        rows += page.table.num_rows
        start = page.following
        if start is None:
            return pa.concat_tables(tables).unify_dictionaries().combine_chunks(), False
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks(), True
