"""What a trace says to people, Chinese or English: one sentence a source, and some about the whole."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from park.quantities import name_of

Texts = dict[str, str]
_CHINA = timezone(timedelta(hours=8))

_PLACE: dict[str, tuple[str, str]] = {
    "upwind": ("位于{point}方向 {distance} m", "{distance} m to the {point_en}"),
    "axis": ("偏离上风向轴线 {off}°", "{off}° off the wind axis"),
    "behind": ("不在上风向（偏 {off}°）", "not upwind ({off}° off the wind axis)"),
    "travel": ("气团到达约需 {travel} min", "the air needs {travel} min"),
    "no_travel": ("一小时内气团未经过此处", "within the hour the air did not come by it"),
    "detector_rose": ("其探测器 {subject} 在上升前 {ago} min 升高", "its detector {subject} rose {ago} min before"),
    "detector_rose_after": (
        "其探测器 {subject} 在上升后 {ago} min 升高",
        "its detector {subject} rose {ago} min after",
    ),
    "gas_alert": ("{subject} 在上升前 {ago} min 起气体报警", "{subject} was in gas alarm from {ago} min before"),
    "gas_alert_after": ("{subject} 在上升后 {ago} min 起气体报警", "{subject} was in gas alarm from {ago} min after"),
    "treatment_failed": (
        "治理设施 {subject} 在上升前 {ago} min 起报警",
        "its treatment unit was in alarm ({subject}) from {ago} min before",
    ),
    "treatment_failed_after": (
        "治理设施 {subject} 在上升后 {ago} min 起报警",
        "its treatment unit was in alarm ({subject}) from {ago} min after",
    ),
    "outlet_rose": ("排口 {subject} 在上升前 {ago} min 升高或报警", "its outlet rose ({subject}) {ago} min before"),
    "outlet_rose_after": (
        "排口 {subject} 在上升后 {ago} min 升高或报警",
        "its outlet rose ({subject}) {ago} min after",
    ),
    "alert": ("{subject} 在上升前 {ago} min 起报警", "{subject} was in alarm from {ago} min before"),
    "alert_after": ("{subject} 在上升后 {ago} min 起报警", "{subject} was in alarm from {ago} min after"),
    "same": ("存有或排放{held}", "holds or emits {held}"),
    "family": ("存有或排放{held}，会使该仪器有示值", "holds or emits {held}, which shows on this instrument"),
    "unknown": ("未申报其存有何种物质", "what it holds is not declared"),
    "other": ("所申报物质在该仪器上无示值", "what it declares would not show on this instrument"),
}
_WHOLE: dict[str, tuple[str, str]] = {
    "head": (
        "{subject} 的{quantity}在 {onset} 左右上升；以下是按风与时间推断的可能来源排序，不是定论。",
        "{quantity} at {subject} rose at about {onset}; what follows ranks where it may have come from, by wind and "
        "timing. It is not a verdict.",
    ),
    "wind": (
        "所用风：{speed} m/s，来自{point}（{deg}°），风向标准差 {sd}°，数据覆盖 {covered}%。",
        "The wind used: {speed} m/s from the {point_en} ({deg}°), standard deviation of direction {sd}°, data for "
        "{covered} % of the half hour before.",
    ),
    "smelt": (
        "共有 {n} 个监测点，其中 {rose} 个上升、{quiet} 个未上升、{silent} 个无数据；未上升也是证据。",
        "{n} instruments: {rose} rose, {quiet} did not (which is evidence too), {silent} had no data.",
    ),
    "first": (
        "可能性最大的是 {name}（占 {share}%）：{why}",
        "The likeliest is {name} ({share} % of what is thought possible): {why}",
    ),
    "elsewhere": (
        "来自名录以外地点的可能占 {share}%。",
        "That it came from a place which the park file does not name is given {share} %.",
    ),
    "close": (
        "前两名难以区分（{a}% 与 {b}%），请两处都查。",
        "The first two can hardly be told apart ({a} % and {b} %): look at both.",
    ),
    "own": (
        "本企业有 {n} 个源在排序中，名次最前的是第 {rank} 位 {name}（占 {share}%）；其他企业的源不显示。",
        "{n} of your own sources are in the ranking, the first of them at place {rank}: {name} ({share} %). Sources of "
        "other enterprises are not shown.",
    ),
    "own_none": (
        "本企业没有源在排序中；其他企业的源不显示。",
        "None of your own sources is in the ranking. Sources of other enterprises are not shown.",
    ),
    "no_wind": (
        "没有可用的风数据：只按各源自身的信号和物质排序。",
        "There are no wind data to use: sources are ranked by their own signals and what they hold alone.",
    ),
    "wind_gaps": ("风数据有缺口，缺口内按前后插值。", "The wind data have gaps, which were filled between neighbours."),
    "calm": (
        "静风（低于 0.5 m/s）：几乎所有方向都有可能，排序把握很小。",
        "The air was calm (below 0.5 m/s): nearly all directions are possible, and the ranking means little.",
    ),
    "one_receptor": (
        "只有一个监测点有数据，没有其他点可以佐证。",
        "Only one instrument has data; no other can bear it out.",
    ),
    "no_rise": (
        "在所给时刻前后没有看到明显上升，排序把握很小。",
        "No clear rise was found about the time given; the ranking means little.",
    ),
    "no_samples": (
        "库中没有该测点这一时段的数据：只按各源自身的信号和物质排序。",
        "The store has no samples of this tag for that time: sources are ranked by their own signals and what they "
        "hold alone.",
    ),
}
_POINTS = (
    *(("北", "north"), ("东北", "north-east"), ("东", "east"), ("东南", "south-east")),
    *(("南", "south"), ("西南", "south-west"), ("西", "west"), ("西北", "north-west")),
)
#: Further off than this it is not upwind.
_UPWIND_DEG = 60.0
_MOST_SIGNALS = 4
#: The second has this share of the first's, or more: hard to tell apart.
_CLOSE = 0.5


def place_sentence(one: Mapping[str, Any], body: Mapping[str, Any]) -> Texts:
    """Why a source stands where it does: ``{"zh": ..., "en": ...}``."""
    return {"zh": "；".join(_parts(one, body, 0)) + "。", "en": "; ".join(_parts(one, body, 1)) + "."}


def _parts(one: Mapping[str, Any], body: Mapping[str, Any], which: int) -> list[str]:
    zh, en = _point(one["bearing_deg"])
    said = [_PLACE["upwind"][which].format(point=zh, point_en=en, distance=one["distance_m"])]
    if one["off_axis_deg"] is not None and not body["wind"]["calm"]:
        off = abs(one["off_axis_deg"])
        said.append(_PLACE["axis" if off <= _UPWIND_DEG else "behind"][which].format(off=f"{off:g}"))
    if one["travel_min"] is not None:
        said.append(_PLACE["travel"][which].format(travel=f"{one['travel_min']:g}"))
    elif one["off_axis_deg"] is not None:
        said.append(_PLACE["no_travel"][which])
    for signal in one["signals"][:_MOST_SIGNALS]:
        ago = signal["minutes_before"]
        name = signal["kind"] + ("_after" if ago < 0 else "")
        said.append(_PLACE[name][which].format(subject=signal["subject"], ago=f"{abs(ago):g}"))
    held = (_list(one["substances"], 0), _list(one["substances"], 1))[which]
    said.append(_PLACE[one["match"]][which].format(held=held))
    return said


def _list(substances: list[str], which: int) -> str:
    names = [name_of(one) if which == 0 else one.replace("_", " ") for one in substances]
    return ("、" if which == 0 else ", ").join(names)


def sentences(seen: Mapping[str, Any]) -> dict[str, list[str]]:
    """About the whole, for what a caller sees of it: ``{"zh": [...], "en": [...]}``."""
    return {lang: _whole(seen, which, lang) for which, lang in enumerate(("zh", "en"))}


def _whole(seen: Mapping[str, Any], which: int, lang: str) -> list[str]:
    said = [
        _say(
            "head",
            which,
            subject=seen["subject"],
            quantity=_list([seen["quantity"]], which),
            onset=_clock(seen["onset"]),
        )
    ]
    said += [_say(one, which) for one in seen["missing"] if one == "no_wind"]
    wind = seen["wind"]
    if wind["speed_m_s"] is not None:
        zh, en = _point(wind["from_deg"])
        said.append(
            _say(
                "wind",
                which,
                speed=f"{wind['speed_m_s']:g}",
                point=zh,
                point_en=en,
                deg=f"{wind['from_deg']:g}",
                sd=f"{wind['direction_sd_deg']:g}",
                covered=_percent(wind["covered"]),
            )
        )
    states = [one["state"] for one in seen["receptors"]]
    counts = {"rose": states.count("rose"), "quiet": states.count("quiet"), "silent": states.count("no_data")}
    said.append(_say("smelt", which, n=len(states), **counts))
    said += [_say(one, which) for one in seen["missing"] if one != "no_wind"]
    said += _own(seen, which) if seen["others_hidden"] else _all(seen, which, lang)
    return said


def _all(seen: Mapping[str, Any], which: int, lang: str) -> list[str]:
    ranking = seen["ranking"]
    if not ranking:
        return []
    first = ranking[0]
    said = [_say("first", which, name=_named(first), share=_percent(first["score"]), why=first["text"][lang])]
    if len(ranking) > 1 and ranking[1]["score"] >= _CLOSE * first["score"]:
        said.append(_say("close", which, a=_percent(first["score"]), b=_percent(ranking[1]["score"])))
    said.append(_say("elsewhere", which, share=_percent(seen["elsewhere"])))
    return said


def _own(seen: Mapping[str, Any], which: int) -> list[str]:
    own = seen["ranking"]
    if not own:
        return [_say("own_none", which)]
    first = own[0]
    share = _percent(first["score"])
    return [_say("own", which, n=len(own), rank=first["rank"], name=_named(first), share=share)]


def _say(text: str, which: int, /, **parts: Any) -> str:
    return _WHOLE[text][which].format(**parts)


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['source']} {one['name']}".strip()


def _point(deg: float) -> tuple[str, str]:
    return _POINTS[round(deg / 45.0) % 8]


def _percent(share: float) -> str:
    return f"{share * 100:.0f}" if share >= 0.095 or share == 0 else f"{share * 100:.1f}"


def _clock(text: str) -> str:
    """The minute, of UTC+08:00."""
    return datetime.fromisoformat(text).astimezone(_CHINA).strftime("%Y-%m-%d %H:%M")
