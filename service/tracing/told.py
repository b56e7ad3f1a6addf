"""A trace as plain data, and what of it a caller may see."""

from typing import Any

from park.index import TagInfo, TagTable
from rules.tracing.case import Case, Ranked, Smelt, Trace
from service.api.times import rfc3339
from service.store.scope import Scope
from service.tracing.words import place_sentence, sentences


def told(answer: Trace, case: Case, subject: TagInfo, tags: TagTable, samples: int) -> dict[str, Any]:
    """Everything, without sentences; kept in the store. Times are RFC 3339, UTC."""
    names = {f"{owner}.{one.id}": (owner, one) for owner, own in tags.park.owners() for one in own}
    wind = answer.wind
    return {
        "subject": subject.id,
        "quantity": subject.tag.quantity,
        "unit": subject.tag.unit,
        "at": rfc3339(case.at_us),
        "onset": rfc3339(answer.onset_us),
        "from": rfc3339(case.from_us),
        "to": rfc3339(case.to_us),
        "wind": {
            "speed_m_s": _rounded(wind.speed_m_s, 2),
            "from_deg": _rounded(wind.from_deg, 0),
            "direction_sd_deg": _rounded(wind.direction_sd_deg, 1),
            "covered": round(wind.covered, 3),
            "calm": wind.calm,
            "stations": [
                {"source": one, "enterprise": names[one][0], "weight": round(weight, 3)}
                for one, weight in wind.stations
            ],
        },
        "receptors": [_receptor(one, tags) for one in answer.receptors],
        "ranking": [
            _ranked(one, names[one.id][0], names[one.id][1].name, names[one.id][1].kind.value) for one in answer.ranking
        ],
        "elsewhere": round(answer.elsewhere, 4),
        "missing": list(answer.missing),
        "left_out": answer.left_out,
        "samples": samples,
    }


def _receptor(one: Smelt, tags: TagTable) -> dict[str, Any]:
    info = tags.by_id(one.id)
    return {
        "tag": one.id,
        "enterprise": info.enterprise if info is not None else "",
        "state": one.state,
        "background": _rounded(one.background, 6),
        "peak": _rounded(one.peak, 6),
        "onset": rfc3339(one.onset_us),
    }


def _ranked(one: Ranked, enterprise: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "source": one.id,
        "enterprise": enterprise,
        "name": name,
        "kind": kind,
        "rank": one.rank,
        "score": round(one.score, 4),
        "wind_score": round(one.wind_score, 4),
        "distance_m": round(one.distance_m),
        "bearing_deg": round(one.bearing_deg),
        "off_axis_deg": _rounded(one.off_axis_deg, 0),
        "travel_min": _rounded(one.travel_min, 1),
        "match": one.match.value,
        "substances": list(one.substances),
        "signals": [
            {
                "kind": signal.kind.value,
                "subject": signal.subject,
                "at": rfc3339(signal.at_us),
                "minutes_before": round(ago, 1),
            }
            for signal, ago in one.signals
        ],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def shown(body: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """What a caller may see of a trace, with sentences.

    The park sees all. An enterprise sees its own sources with their true rank and share, the stations that the park
    shares, and the wind; of other enterprises' sources neither name nor place nor number, only that some are left out.
    """
    ranking = [one for one in body["ranking"] if scope.sees(one["enterprise"])]
    receptors = [one for one in body["receptors"] if scope.sees(one["enterprise"])]
    stations = [one for one in body["wind"]["stations"] if scope.sees(one["enterprise"])]
    seen = {
        **body,
        "wind": {**body["wind"], "stations": stations},
        "receptors": receptors,
        "ranking": [{**one, "text": place_sentence(one, body)} for one in ranking],
        "others_hidden": not scope.is_everything,
        "left_out": body["left_out"] if scope.is_everything else None,
    }
    return {**seen, "text": sentences(seen)}
