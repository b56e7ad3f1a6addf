"""The handover order (交办单) of a case, laid out for printing and signing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.alerts.model import Alert
from service.api.shapes import Names
from service.reports.model import Cell, Column, Report, Table
from service.reports.words import minute

_COLOURS = {"red": "红 red", "orange": "橙 orange", "yellow": "黄 yellow", "blue": "蓝 blue"}
_STATES = {
    "dispatched": "已交办 dispatched",
    "received": "已签收 received",
    "answered": "已整改待复核 answered",
    "verified": "已复核 verified",
    "closed": "已销号 closed",
}
_CAUSES = {
    "real": "真实 real",
    "instrument": "仪表 instrument",
    "calibration": "校准 calibration",
    "test": "测试 test",
    "communication": "通信 communication",
}
_STEPS = {
    "dispatch": "交办 dispatched",
    "receive": "签收 received",
    "answer": "整改 answered",
    "accept": "复核通过 accepted",
    "refuse": "复核退回 refused",
    "close": "销号 closed",
    "reopen": "重新打开 reopened",
    "message": "留言 message",
    "attach": "附件 attachment",
    "cause": "更正原因 cause",
    "alerts": "补充报警 alerts",
    "remind": "提醒 reminder",
    "escalate": "上报 escalated",
}


def order_report(case: dict[str, Any], alerts: Sequence[Alert], names: Names, park: str, *, made_us: int) -> Report:
    """``case`` as the interface shows it whole; what is internal is left out."""
    history = [one for one in case["history"] if not one["internal"]]
    return Report(
        file_name=f"case-{case['number']}",
        title=f"{park} 问题交办单 Handover order {case['number']}",
        facts=(
            ("事项 Matter", case["title"]),
            ("承办企业 Enterprise", f"{case['enterprise_name']} ({case['enterprise']})"),
            ("部位 Source", f"{case['source_name']} ({case['source']})" if case["source"] else "—"),
            ("等级 Colour", _COLOURS[case["colour"]]),
            ("原因 Cause", _CAUSES[case["cause"]]),
            ("状态 State", _STATES[case["state"]]),
            ("交办 Dispatched", f"{_when(case['opened'])}  {case['opened_by']}"),
            ("期限 Deadline", _when(case["due"])),
            ("要求 To be done", case["instructions"] or "—"),
        ),
        tables=(_alerts(alerts, names), _history(history), _signatures()),
        notes=(f"编号 ID {case['id']}",),
        made_us=made_us,
    )


def _alerts(alerts: Sequence[Alert], names: Names) -> Table:
    rows = [
        (
            Cell(names.target(one.target) or names.rule(one.rule)[0] or one.target),
            Cell(one.level),
            Cell(_number(one.value, one.unit)),
            Cell(_number(one.limit, one.unit)),
            Cell(minute(one.onset_us)),
            Cell(minute(one.cleared_us) if one.cleared_us is not None else "未恢复 stands"),
            Cell(one.why),
        )
        for one in alerts
    ]
    columns = ("报警点 Point", "级别 Level", "数值 Value", "限值 Limit", "发生 Onset", "恢复 Cleared", "说明 Why")
    weights = (1.4, 0.6, 0.9, 0.9, 1.1, 1.1, 2.6)
    return Table(
        title="报警 Alerts",
        columns=tuple(Column(title=one, weight=weight) for one, weight in zip(columns, weights, strict=True)),
        rows=tuple(rows),
    )


def _history(history: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (Cell(_when(one["at"])), Cell(_STEPS[one["kind"]]), Cell(one["by"]), Cell(one["text"] or "—"))
        for one in history
    ]
    return Table(
        title="经过 History",
        columns=(
            Column(title="时间 Time", weight=1.1),
            Column(title="环节 Step", weight=1.0),
            Column(title="人员 By", weight=0.9),
            Column(title="内容 Text", weight=4.0),
        ),
        rows=tuple(rows),
    )


def _signatures() -> Table:
    lines = ("交办人 Dispatched by", "承办人 Enterprise", "复核人 Verified by", "销号人 Closed by")
    return Table(
        title="签字 Signatures",
        columns=tuple(Column(title=one) for one in lines),
        rows=((Cell("　\n　\n　"),) * 4,),
    )


def _number(value: float | None, unit: str) -> str:
    return "—" if value is None else f"{value:g} {unit}".rstrip()


def _when(text: str) -> str:
    return minute(round(datetime.fromisoformat(text).timestamp() * 1e6))
