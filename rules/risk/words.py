"""Why a risk has its colour: "orange (60) because acme.T101: grade 3 (+10), level HH for 12 min (+50)"."""

from collections.abc import Mapping

from rules.risk.assess import Part, Risk, StandingAlarm

#: Reasons told one by one; the rest as their number and sum.
_MOST = 5
_SECOND_US = 1_000_000


def explain(risk: Risk, risks: Mapping[str, Risk], now_us: int) -> str:
    """The whole sentence; ``risks`` has those below."""
    head = f"{risk.colour.value} ({risk.score:g})"
    reasons = _reasons(risk, risks, now_us)
    return f"{head} because {reasons}" if reasons else f"{head}: no alarm stands"


def _reasons(risk: Risk, risks: Mapping[str, Risk], now_us: int) -> str:
    if risk.kind in ("source", "own"):
        told = [_part(part, risk, now_us) for part in risk.parts[:_MOST]]
        if rest := risk.parts[_MOST:]:
            told.append(f"{len(rest)} more (+{sum(part.points for part in rest):g})")
        name = risk.enterprise + " as a whole" if risk.kind == "own" else risk.subject
        return f"{name}: {', '.join(told)}" if told else ""
    worst = next((part.subject for part in risk.parts if part.what == "worst"), "")
    told = [_reasons(risks[worst], risks, now_us)] if worst else []
    told += [
        f"{part.count} further at yellow or worse (+{part.points:g})" for part in risk.parts if part.what == "further"
    ]
    return "; ".join(one for one in told if one)


def _part(part: Part, risk: Risk, now_us: int) -> str:
    if part.alarm is not None:
        return f"{_alarm(part.alarm, risk.subject, now_us)} (+{part.points:g})"
    if part.what == "unverified":
        return f"{part.count} of {part.of} alarms unverified, {part.share:.0%} of the points (+{part.points:g})"
    return f"grade {part.grade} (+{part.points:g})"


def _alarm(alarm: StandingAlarm, subject: str, now_us: int) -> str:
    name = alarm.target.removeprefix(f"{subject}.")
    level = alarm.level or f"priority {alarm.priority}"
    marks = ", ".join(
        mark for mark in ("unverified" if alarm.unverified else "", alarm.aside.replace("_", " ")) if mark
    )
    return f"{name} {level} for {lasted(now_us - alarm.raised_us)}" + (f" [{marks}]" if marks else "")


def lasted(us: int) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    s = max(0, us) // _SECOND_US
    if s < 60:
        return f"{s} s"
    minutes = s // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
