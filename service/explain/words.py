"""What an explanation says to people, Chinese or English, sentence by sentence."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from rules.spec import AnyRule
from service.alerts.model import Alert

_CHINA = timezone(timedelta(hours=8))
_KINDS = {
    "limit": ("限值", "limit"),
    "rate": ("变化速率", "rate of change"),
    "stale": ("通信中断", "communication"),
    "frozen": ("数值不变", "frozen value"),
    "range": ("超出量程", "instrument range"),
    "quality": ("质量", "quality"),
    "deviation": ("偏差", "deviation"),
    "vote": ("表决", "voting"),
    "window": ("时段统计", "window"),
    "expression": ("表达式", "expression"),
    "sequence": ("时序", "sequence"),
    "forecast": ("预测", "forecast"),
}
_TIMERS = {
    "on_delay": (
        "条件自 {began} 起成立，连续保持 {length}（延时），于 {ended} 报警。",
        "The condition began at {began}, held for {length} without a break, and raised at {ended}.",
    ),
    "stale_delay": (
        "自 {began} 起判为过期，再等 {length} 仍无数据，于 {ended} 报警。",
        "It was stale from {began} on; {length} later nothing had come, and the alarm was raised at {ended}.",
    ),
    "timeout": (
        "最后一次有效数据在 {began}；允许的间隔是 {length}，到 {ended} 为止。",
        "The last usable data were of {began}; the time allowed is {length}, which was over at {ended}.",
    ),
    "off_delay": (
        "条件自 {began} 起消失，连续 {length}（恢复延时）未再出现，于 {ended} 恢复。",
        "The condition was over at {began}, stayed so for {length}, and the alarm cleared at {ended}.",
    ),
}
_PROOF = {
    "exact": (
        "复核：用库存样本重放该规则，得到同一报警（编号相同）。",
        "Proof: the rule, played again over the stored samples, raises this very alert (the same id).",
    ),
    "near": (
        "复核：用库存样本重放该规则，得到同一报警，但起始时刻略有出入（行的到达节奏不保存）。",
        "Proof: the rule, played again over the stored samples, raises this alarm, its onset not to the microsecond "
        "(the rhythm in which rows came is not kept).",
    ),
    "other": (
        "复核：用库存样本重放该规则，没有得到这一报警。可能原因：样本补传或缺失、规则或限值已改、此前状态超出重放时段。",
        "Proof: the rule, played again over the stored samples, does not raise this alert. Perhaps samples came later "
        "or are missing, limits have changed since, or what made it lies before the time that was played.",
    ),
    "gone": (
        "库中已无该时段的样本（超过保存期限或从未入库），无法复核；以下依据报警记录。",
        "The store has no samples of that time any more (retention, or never stored): it cannot be proved again; what "
        "is told here is from the record of the alert.",
    ),
}
_TRIGGERS = {
    "ack": ("确认", "acknowledged"),
    "comment": ("备注", "commented"),
    "shelve": ("搁置", "shelved"),
    "unshelve": ("取消搁置", "unshelved"),
    "expired": ("到期自动解除", "end time reached"),
    "suppress": ("按设计抑制", "suppressed by design"),
    "context_ended": ("抑制条件结束", "what explained it is over"),
    "take_out": ("退出服务", "taken out of service"),
    "put_back": ("恢复服务", "put back into service"),
    "reset": ("复位", "reset"),
}
_SAID = {
    "head": (
        "{target}：规则 {rule}（{kind}）{level}报警，优先级 {priority}。",
        "{target}: {level}alarm of rule {rule} ({kind}), priority {priority}.",
    ),
    "engine": ("引擎记录：{why}。", "The engine said: {why}."),
    "at_once": (
        "条件在 {at} 成立，无延时，当即报警。",
        "The condition began at {at}; without a delay the alarm was raised there.",
    ),
    "value": ("判定值 {value}，限值 {limit}。", "The value that decided was {value}, the limit {limit}."),
    "level_up": ("{at} 升级为 {level}（{value}）。", "At {at} it went up to {level} ({value})."),
    "level_down": ("{at} 降级为 {level}（{value}）。", "At {at} it went down to {level} ({value})."),
    "unverified": (
        "{at} 起数据不可信，报警保留但标为未核实。",
        "From {at} on the data could not be trusted; it stood, unverified.",
    ),
    "verified": ("{at} 数据恢复可信。", "From {at} on the data were good again."),
    "cleared": ("{at} 恢复。", "It cleared at {at}."),
    "stands": ("至今未恢复。", "It still stands."),
    "late": (
        "发现时刻 {at}，比生效晚 {by}：数据是补传或滞后到达的。",
        "It was found at {at}, {by} after it took effect: the data came late.",
    ),
    "event": ("{at} {what}（{actor}）{reason}", "{at}: {what} by {actor}{reason}"),
    "silence": (
        "当时 {target} 有通信中断报警（{at} 起）。",
        "At the time {target} had a communication alarm (since {at}).",
    ),
    "no_context": (
        "没有搁置、抑制或通信中断。",
        "It was neither shelved nor suppressed, and its connection was not in alarm.",
    ),
    "standard": ("依据 {standard} {clause}。", "It comes from {standard} {clause}."),
    "guidance": ("处置：{guidance}", "What to do: {guidance}"),
    "samples": (
        "重放了 {tags} 个测点 {from_} 至 {to} 的 {count} 个样本。",
        "{count} samples of {tags} tags from {from_} to {to} were played.",
    ),
    "cut": ("样本过多，只看了最前面的一部分。", "There were too many samples; only the first of them were looked at."),
    "tick": ("为限制计算量，重放按 {tick} 秒一行。", "To bound the work it was played in rows of {tick} s."),
    "own": (
        "这是监测系统自身的报警，没有规则。",
        "This is an alarm of the monitoring service itself; no rule made it.",
    ),
    "unknown": (
        "该规则已不在用，也查不到当时的版本。",
        "The rule is not live any more, and its version of then is not known.",
    ),
    "trouble": ("未能重放：{why}", "It could not be played again: {why}"),
}


def sentences(told: dict[str, Any], alert: Alert, rule: AnyRule | None, lang: str) -> list[str]:
    """In the order in which a person would ask."""
    return list(_Teller(told, alert, rule, 1 if lang == "en" else 0).all())


class _Teller:
    def __init__(self, told: dict[str, Any], alert: Alert, rule: AnyRule | None, which: int) -> None:
        self._told, self._alert, self._rule, self._which = told, alert, rule, which

    def all(self) -> Iterator[str]:
        yield self._head()
        yield self._say("engine", why=self._alert.why.rstrip("."))
        yield from self._raised()
        yield from self._since()
        yield from self._context()
        yield from self._about_rule()
        yield from self._proof()

    def _say(self, name: str, **parts: Any) -> str:
        return _SAID[name][self._which].format(**parts)

    def _head(self) -> str:
        kind = _KINDS.get(self._rule.kind, (self._rule.kind,) * 2)[self._which] if self._rule else "–"
        level = f"{self._alert.peak_level or self._alert.level} " if self._alert.level else ""
        name = (self._rule.name if self._rule else "") or self._alert.rule
        return self._say(
            "head", target=self._alert.target, rule=name, kind=kind, level=level, priority=self._alert.priority
        )

    def _raised(self) -> Iterator[str]:
        timers = [one for one in self._told["timers"] if one["timer"] != "off_delay"]
        for one in timers:
            yield self._timer(one)
        if not timers:
            yield self._say("at_once", at=_time(self._told["onset"]))
        first = next((one for one in self._told["transitions"] if one["state"] == "raised"), None)
        if first is not None and first["value"] is not None and first["limit"] is not None:
            yield self._say("value", value=self._number(first["value"]), limit=self._number(first["limit"]))
        if self._alert.detected_late:
            by_s = (self._alert.detected_us - self._alert.raised_us) / 1e6
            yield self._say("late", at=_time(self._told["detected"]), by=f"{by_s:g} s")

    def _timer(self, one: dict[str, Any]) -> str:
        text = _TIMERS[one["timer"]][self._which]
        return text.format(began=_time(one["began"]), ended=_time(one["ended"]), length=one["length"])

    def _since(self) -> Iterator[str]:
        for one in self._told["transitions"]:
            if one["state"] in ("level_up", "level_down"):
                yield self._say(
                    one["state"], at=_time(one["effective"]), level=one["level"], value=self._number(one["value"])
                )
            elif one["state"] in ("unverified", "verified"):
                yield self._say(one["state"], at=_time(one["effective"]))
        off = [one for one in self._told["timers"] if one["timer"] == "off_delay"]
        if off:
            yield self._timer(off[0])
        elif self._told["cleared"]:
            yield self._say("cleared", at=_time(self._told["cleared"]))
        else:
            yield self._say("stands")

    def _context(self) -> Iterator[str]:
        for one in self._told["events"]:
            what = _TRIGGERS.get(one["trigger"], (one["trigger"],) * 2)[self._which]
            reason = f": {one['reason']}" if one["reason"] else ""
            yield self._say("event", at=_time(one["at"]), what=what, actor=one["actor"], reason=reason)
        for one in self._told["silences"]:
            yield self._say("silence", target=one["target"], at=_time(one["raised"]))
        if not self._told["events"] and not self._told["silences"]:
            yield self._say("no_context")

    def _about_rule(self) -> Iterator[str]:
        if self._rule is None:
            yield self._say("own" if self._alert.rule == "service" else "unknown")
            return
        if self._rule.standard:
            yield self._say("standard", standard=self._rule.standard, clause=self._rule.clause).replace(" .", ".")
        if self._rule.guidance:
            yield self._say("guidance", guidance=self._rule.guidance)

    def _proof(self) -> Iterator[str]:
        told = self._told
        if told["trouble"]:
            yield self._say("trouble", why=told["trouble"])
        if told["proof"] is None:
            return
        yield _PROOF[told["proof"]][self._which]
        if told["proof"] != "gone":
            span = {"from_": _time(told["from"]), "to": _time(told["to"])}
            yield self._say("samples", count=told["samples_total"], tags=told["tags_total"], **span)
        if told["samples_cut"]:
            yield self._say("cut")
        if told["tick_s"] and told["tick_s"] > 1:
            yield self._say("tick", tick=f"{told['tick_s']:g}")

    def _number(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.6g} {self._alert.unit}".rstrip()


def _time(text: str | None) -> str:
    """Of UTC+08:00, as precise as it is."""
    if text is None:
        return "–"
    moment = datetime.fromisoformat(text).astimezone(_CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (
        f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    )
