"""From the judge's records to the plain data of answers."""

import math
from typing import Any

from rules.emissions.applicable import Applicable
from rules.emissions.compare import Reason, Verdict
from rules.emissions.flags import letter
from rules.emissions.means import Status
from service.api.times import rfc3339
from service.judge.sources import JudgedTag

_NUMBERS = ("value", "low", "high", "unmarked", "measured", "flow", "amount_kg", "reported", "reported_zs")
_AS_THEY_ARE = (
    *("tag", "unit", "period", "revision", "holds", "why", "parts", "converted", "amount_hours", "present", "normal"),
    *("stopped", "marked", "late", "refilled", "minutes_differ", "reported_flag"),
)


def mean_shape(row: dict[str, Any], tag: JudgedTag | None) -> dict[str, Any]:
    """As `service.api.models_emissions.MeanShape`. ``tag``: as it is judged now."""
    shape: dict[str, Any] = {name: row[name] for name in _AS_THEY_ARE}
    shape |= {name: number(row[name]) for name in _NUMBERS}
    shape |= {name: Status(row[name]).name.lower() for name in ("status", "unmarked_status", "measured_status")}
    verdict = Verdict(row["verdict"])
    compared = verdict is not Verdict.NOT_COMPARABLE
    return shape | {
        "start": rfc3339(row["start_us"]),
        "judged": rfc3339(row["judged_us"]),
        "flag": letter(row["flag"]),
        "provisional": row["period"] == "month" and (tag is None or not tag.validity.month_confirmed_by),
        "agrees": verdict is Verdict.AGREE if compared else None,
        "not_compared": "" if compared else Reason(row["verdict_reason"]).name.lower().replace("_", " "),
    }


def number(value: float) -> float | None:
    """None where it is none."""
    return value if math.isfinite(value) else None


def limit_shape(limit: Applicable | None) -> dict[str, Any] | None:
    """As `service.api.models_emissions.LimitShape`."""
    if limit is None:
        return None
    return {
        "limit": limit.limit,
        "lower": limit.lower,
        "unit": limit.unit,
        "basis": limit.basis,
        "words": limit.words(),
        "facts": limit.facts(),
    }


def exceedance_shape(row: dict[str, Any]) -> dict[str, Any]:
    """As `service.api.models_emissions.ExceedanceShape`."""
    names = "id kind tag enterprise source quantity side value unit provenance unmarked state revision why"
    shape: dict[str, Any] = {name: row[name] for name in names.split()}
    times = {
        "start": rfc3339(row["start_us"]),
        "judged": rfc3339(row["judged_us"]),
        "over": rfc3339(row.get("over_us")),
    }
    return shape | times | {"limit": row["limit_value"]}


def mark_shape(row: dict[str, Any]) -> dict[str, Any]:
    """As `service.api.models_emissions.MarkShape`."""
    names = "id enterprise source kind type reason author origin withdrawn_by withdraw_reason"
    shape: dict[str, Any] = {name: row[name] for name in names.split()}
    return shape | {
        "tags": list(row["tags"]),
        "from": rfc3339(row["from_time_us"]),
        "to": rfc3339(row["to_time_us"]),
        "created": rfc3339(row["created_us"]),
        "withdrawn": rfc3339(row.get("withdrawn_us")),
    }
