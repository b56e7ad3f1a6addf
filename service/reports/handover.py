"""The sheet of a handover (交接班记录), laid out for printing."""

from datetime import datetime
from typing import Any

from service.reports.model import Cell, Column, Report, Table
from service.reports.words import file_name, minute
from service.why import in_chinese

_TABLES = (
    ("standing", "未消除报警 Standing alerts"),
    ("aside", "搁置、抑制、停用 Shelved, suppressed, out of service"),
    ("contexts", "作业与检修 Work in the plant"),
    ("offline", "离线通道 Offline"),
    ("cases", "未销号工单 Open cases"),
    ("duties", "逾期定期工作 Overdue duties"),
    ("entries", "值班日志 Shift log"),
)
#: Whose texts the engine wrote.
_OURS = frozenset({"standing", "aside"})
_STATES = {
    "unack": "未确认",
    "acked": "已确认",
    "rtnun": "恢复未确认",
    "shelved": "已搁置",
    "suppressed": "已抑制",
    "out_of_service": "停用",
    "planned": "计划",
    "live": "进行中",
    "starting": "启动中",
    "degraded": "异常",
    "disconnected": "断开",
    "stopped": "已停止",
    "dispatched": "已交办",
    "received": "已签收",
    "answered": "待复核",
    "verified": "已复核",
    "overdue": "逾期",
}
_COLUMNS = (
    Column(title="事项 What", weight=2.0),
    Column(title="位置 Where", weight=1.6),
    Column(title="状态 State", weight=0.8),
    Column(title="时间 Since", weight=1.1),
    Column(title="说明 Text", weight=2.6),
)


def handover_report(handover: dict[str, Any], sheet: dict[str, Any], park: str, *, made_us: int) -> Report:
    """Both as the interface shows them."""
    taken = f"{_when(handover['taken'])}  {handover['taken_by']}" if handover["taken"] else "待签 not signed yet"
    return Report(
        file_name=file_name("handover", handover["at"][:16]),
        title=f"{park} 交接班记录 Shift handover",
        facts=(
            ("班次 Shift", handover["shift"]),
            ("自 Since", _when(sheet["from"])),
            ("交班 Handed over", f"{_when(handover['at'])}  {handover['by']}"),
            ("交班说明 Note", handover["note"] or "—"),
            ("接班 Taken over", taken),
            ("接班说明 Note", handover["taken_note"] or "—"),
        ),
        tables=tuple(_table(title, sheet[name], ours=name in _OURS) for name, title in _TABLES),
        notes=(f"编号 ID {handover['id']}", f"SHA-256 {handover['digest']}"),
        made_us=made_us,
    )


def _table(title: str, rows: list[dict[str, Any]], *, ours: bool) -> Table:
    read = in_chinese if ours else str
    cells = [
        (
            Cell(one["what"]),
            Cell(one["where"] or "—"),
            Cell(_STATES.get(one["state"], one["state"])),
            Cell(_when(one["since"])),
            Cell(read(one["text"])),
        )
        for one in rows
    ]
    return Table(title=f"{title} ({len(rows)})", columns=_COLUMNS, rows=tuple(cells))


def _when(text: str | None) -> str:
    return "—" if text is None else minute(round(datetime.fromisoformat(text).timestamp() * 1e6))
