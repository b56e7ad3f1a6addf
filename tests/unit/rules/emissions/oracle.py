"""Judgement once more, with pandas, from the page ``deploy/docs/judgement.md`` and from nothing else.

Nothing of ``rules/emissions`` is used here. Flags are letters, times are pandas times of Asia/Shanghai, and each step
is the plainest grouping that says what the page says.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

SHANGHAI = "Asia/Shanghai"
ORDER = ["D", "B", "M", "C", "T", "S", "F"]
LATE_BIT = 128
#: Class and detail of a quality byte, as `park.quality` documents them: what is not here is D.
_LETTERS = {19: "F", 17: "M", 16: "C", 20: "S", 9: "S", 18: "T", 15: "T", 12: "T", 2: "B", 1: "B", 7: "B", 8: "B"}


@dataclass(frozen=True)
class Rule:
    """The numbers of one medium."""

    water: bool = False
    valid: frozenset[str] = frozenset("N")
    weighted: bool = False
    hydrogen: bool = False
    standard_d: bool = False
    share: float = 0.75
    k: int = 45
    m: int = 20
    month: int = 25
    february: int = 23
    spoils: frozenset[str] = field(default_factory=frozenset)
    dry_is_stopped: bool = False


def local(us: Any) -> Any:
    """Epoch microseconds as Beijing time."""
    return pd.to_datetime(us, unit="us", utc=True).dt.tz_convert(SHANGHAI)


def letters(quality: pd.Series) -> pd.Series:
    def one(byte: int) -> str:
        grade, detail = byte & 3, (byte >> 2) & 31
        if grade == 0:
            return "S" if detail == 14 else "N"
        return _LETTERS.get(detail, "D")

    return quality.map({byte: one(byte) for byte in range(256)})


def carried(flags: pd.DataFrame, total: Any, enough: Any, rule: Rule) -> pd.Series:
    """``flags``: how often each letter is in each period (a column a letter)."""
    flags = flags.reindex(columns=["N", *ORDER], fill_value=0)
    good = flags[[one for one in flags.columns if one in rule.valid]].sum(axis=1)
    bad = flags[[one for one in ORDER if one not in rule.valid]]
    allowed = flags[[one for one in ORDER if one in rule.valid]]
    if rule.water:
        fine = (bad.sum(axis=1) == 0) & (good >= enough)
        normal = fine & (allowed.sum(axis=1) == 0)
    else:
        fine = (good > 0) & (good >= rule.share * total)
        normal = (flags["N"] > 0) & (flags["N"] >= rule.share * total)
    # idxmax takes the first of equals, and the columns are in the order of the page.
    worst = bad.idxmax(axis=1).where(bad.sum(axis=1) > 0, "")
    if rule.standard_d:
        mixed = (flags.sum(axis=1) > bad.max(axis=1)) & (flags.sum(axis=1) > 0)
        worst = worst.where(~mixed, "D")
    result: pd.Series = worst
    if len(allowed.columns):
        result = result.mask(fine, allowed.idxmax(axis=1).astype(str))
    return result.mask(normal, "N")


def mean_of(values: pd.Series, by: list[pd.Series] | list[str], rule: Rule) -> pd.Series:
    if rule.hydrogen:
        acid: pd.Series = (10.0**-values).groupby(by).mean()
        return acid.map(lambda one: -np.log10(one))
    return values.groupby(by).mean()


def minutes(samples: pd.DataFrame, rule: Rule, late_after_us: int = 300_000_000) -> pd.DataFrame:
    """``samples``: tag, time_us, value, quality, lag_us. Indexed by (tag, minute)."""
    one = samples.copy()
    one["minute"] = local(one["time_us"]).dt.floor("min")
    one["flag"] = letters(one["quality"])
    one.loc[one["value"].isna() & (one["flag"] == "N"), "flag"] = ""
    one["late"] = ((one["quality"] & LATE_BIT) > 0) | (one["lag_us"] > late_after_us)
    one["good"] = one["flag"].isin(rule.valid) & one["value"].notna()
    grouped = one.groupby(["tag", "minute"])
    result = pd.DataFrame({"n": grouped["good"].sum(), "late": grouped["late"].all()})
    flags = pd.get_dummies(one.set_index(["tag", "minute"])["flag"]).groupby(["tag", "minute"]).sum()
    result["flag"] = carried(flags, grouped.size(), 1, rule)
    result.loc[(result["n"] < 1) & result["flag"].isin(rule.valid), "flag"] = ""
    key = ["tag", "minute"]
    best = mean_of(one[one["good"]].set_index(key)["value"], key, rule)
    any_number = mean_of(one.set_index(key)["value"], key, rule)
    result["value"] = best.reindex(result.index).fillna(any_number.reindex(result.index))
    result["origin"], result["refilled"] = 1, False
    return result


def reported(periods: pd.DataFrame) -> pd.DataFrame:
    """``periods``: tag, start_us, length_s, avg, flag (a letter or ""), asked, in the order of arrival."""
    one = periods[(periods["length_s"] >= 60) & (periods["length_s"] <= 1800)].copy()
    one["flag"] = one["flag"].replace("", "N")
    one = one[one["avg"].notna() | (one["flag"] != "N")]
    one["minute"] = [
        list(pd.date_range(start, periods=length // 60, freq="min"))
        for start, length in zip(local(one["start_us"]).dt.floor("min"), one["length_s"], strict=True)
    ]
    one = one.explode("minute")
    one["minute"] = pd.to_datetime(one["minute"], utc=True).dt.tz_convert(SHANGHAI)
    one = one.drop_duplicates(["tag", "minute"], keep="last").set_index(["tag", "minute"]).sort_index()
    return pd.DataFrame(
        {"n": 0, "late": False, "flag": one["flag"], "value": one["avg"], "origin": 2, "refilled": one["asked"]}
    )


def merged(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    both = ours.index.intersection(theirs.index)
    theirs = theirs.copy()
    theirs.loc[both, "n"] = ours.loc[both, "n"]
    in_time = ~theirs["refilled"].astype(bool)
    in_time.loc[both] |= ~ours.loc[both, "late"].astype(bool)
    theirs.loc[both, "late"] = True
    theirs.loc[both, "refilled"] = False
    theirs.loc[in_time, ["late", "refilled"]] = False
    return pd.concat([ours.drop(both), theirs]).sort_index()


def _judged(parts: pd.DataFrame, index: pd.MultiIndex, enough: Any, spoilt: pd.Series, rule: Rule) -> pd.DataFrame:
    """``parts``: value, flow, of what counts, indexed by (tag, period)."""
    keys = ["tag", "period"]
    grouped = parts.groupby(keys)
    result = pd.DataFrame(index=index)
    result["parts"] = grouped.size().reindex(index, fill_value=0)
    result["mean"] = mean_of(parts["value"], keys, rule).reindex(index)
    result["min"] = grouped["value"].min().reindex(index)
    result["max"] = grouped["value"].max().reindex(index)
    result["weighted"] = False
    if rule.weighted:
        flowing = parts[parts["flow"] >= 0].assign(load=lambda rows: rows["value"] * rows["flow"])
        sums = flowing.groupby(keys)[["load", "flow"]].sum().reindex(index, fill_value=0.0)
        number = flowing.groupby(keys).size().reindex(index, fill_value=0)
        result["weighted"] = (number >= enough) & (sums["flow"] > 0)
        result["mean"] = (sums["load"] / sums["flow"]).where(result["weighted"], result["mean"])
    result["valid"] = (result["parts"] >= enough) & ~spoilt.reindex(index, fill_value=False)
    return result


def _periods(
    parts: pd.DataFrame, total: Any, enough: pd.Series, spoils: bool, rule: Rule, index: pd.MultiIndex
) -> pd.DataFrame:
    """``parts`` by (tag, period): flag, there, halted, bad, marked, late, refilled, flow, and good_*, value_*."""
    keys = ["tag", "period"]
    grouped = parts.groupby(keys)
    counted = {
        name: grouped[column].sum().reindex(index, fill_value=0).astype(int)
        for name, column in (
            ("present", "there"),
            ("stopped", "halted"),
            ("marked", "marked"),
            ("late", "late"),
            ("refilled", "refilled"),
        )
    }
    result = pd.DataFrame(counted, index=index)
    result["normal"] = (parts["flag"] == "N").groupby(keys).sum().reindex(index, fill_value=0)
    flags = pd.get_dummies(parts["flag"]).groupby(keys).sum().reindex(index, fill_value=0)
    result["flag"] = carried(flags, total, enough, rule)
    if rule.weighted:
        result["weight"] = parts.loc[parts["flow"] >= 0, "flow"].groupby(keys).mean().reindex(index)
    else:
        result["weight"] = np.nan
    for side in ("every", "unmarked"):
        bad = (parts["bad"] & ~parts["excused"] if side == "unmarked" else parts["bad"]).groupby(keys).any()
        spoilt = bad if spoils else pd.Series(False, index)
        use = parts.loc[parts[f"good_{side}"], [f"value_{side}", "flow"]].set_axis(["value", "flow"], axis=1)
        judged = _judged(use, index, enough, spoilt, rule)
        result = result.join(judged.add_prefix(f"{side}_"))
    standstill = (result["present"] > 0) & (result["stopped"] == result["present"]) & (result["stopped"] >= enough)
    if rule.dry_is_stopped and "minute" in parts:
        known = parts.loc[parts["flow"] >= 0, "flow"].groupby(keys)
        dry = (known.size() >= enough.reindex(known.size().index)) & (known.max() == 0)
        standstill |= dry.reindex(index, fill_value=False)
    for side in ("every", "unmarked"):
        result[f"{side}_valid"] &= ~standstill
    for side in ("every", "unmarked"):
        status = result[f"{side}_valid"].map({True: "valid", False: "invalid"})
        if side == "unmarked":
            status = status.mask(result["every_valid"] & ~result["unmarked_valid"], "marked")
        result[f"{side}_status"] = status.mask(standstill, "stopped").mask(result["present"] == 0, "missing")
    return result


def hours(minutes: pd.DataFrame, marked: pd.Series, flow: pd.Series, rule: Rule, wanted: pd.MultiIndex) -> pd.DataFrame:
    """``marked``, ``flow``: by (tag, minute) like ``minutes``. ``wanted``: the (tag, hour) of the rows."""
    one = minutes.assign(marked=marked, flow=flow if rule.weighted else np.nan).reset_index()
    one["period"] = one["minute"].dt.floor("h")
    one["there"] = one["flag"] != ""
    one["halted"] = one["flag"] == "F"
    one["bad"] = one["there"] & ~one["flag"].isin(rule.valid)
    one["good_every"] = one["flag"].isin(rule.valid) & one["value"].notna()
    one["good_unmarked"] = one["good_every"] & ~one["marked"]
    one["value_every"] = one["value_unmarked"] = one["value"]
    one["excused"] = one["marked"]
    parts = one.set_index(["tag", "period"])
    return _periods(parts, 60, pd.Series(rule.k, wanted), "hour" in rule.spoils, rule, wanted)


def _longer(shorter: pd.DataFrame, period: pd.Series) -> pd.DataFrame:
    one = shorter.reset_index().rename(columns={"period": "part"})
    one["period"] = period.to_numpy() if isinstance(period, pd.Series) else period
    one = one.rename(columns={"weight": "flow"})
    one["there"] = one["every_status"] != "missing"
    one["halted"] = one["every_status"] == "stopped"
    one["excused"] = one["unmarked_valid"] | (one["marked"] >= one["present"])
    for name in ("marked", "late", "refilled"):
        one[name] = one[name] > 0
    for side in ("every", "unmarked"):
        one[f"good_{side}"], one[f"value_{side}"] = one[f"{side}_valid"], one[f"{side}_mean"]
    return one


def _rows(parts: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(sorted(set(parts.index)), names=["tag", "period"])


def days(of_hours: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    start = pd.Series(of_hours.index.get_level_values("period")).dt.floor("D")
    one = _longer(of_hours, start)
    one["period"] = pd.to_datetime(start, utc=True).dt.tz_convert(SHANGHAI)
    one["bad"] = one["there"] & ~one["halted"] & ~one["flag"].isin(rule.valid)
    parts = one.set_index(["tag", "period"])
    index = _rows(parts)
    return _periods(parts, 24, pd.Series(rule.m, index), "day" in rule.spoils, rule, index)


def months(of_days: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    day = pd.Series(of_days.index.get_level_values("period"))
    one = _longer(of_days, day)
    one["period"] = (day.dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()).dt.tz_localize(SHANGHAI)
    one["bad"] = False
    parts = one.set_index(["tag", "period"])
    index = _rows(parts)
    month = pd.DatetimeIndex(index.get_level_values("period"))
    enough = pd.Series(np.where(month.month == 2, rule.february, rule.month), index)
    return _periods(parts, pd.Series(month.days_in_month, index), enough, False, rule, index)
