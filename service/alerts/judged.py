"""Alarms raised beside the engine: early warnings, hours and days over their limit, duties not done in time."""

from typing import NamedTuple


class Judged(NamedTuple):
    """What is told of one kind."""

    name: str
    priority: int
    level: str
    guidance: str


#: Of what people have to do, not of the plant: no part of a flood, and no risk of the enterprise's.
DUTY_OVERDUE = "duty-overdue"

#: By the rule id that their alerts carry.
JUDGED: dict[str, Judged] = {
    "emission-warning": Judged(
        "排放预警",
        3,
        "H",
        "分钟均值连续接近或超过限值：检查治理设施与生产负荷，在本小时结束前采取措施。",
    ),
    "emission-hour": Judged(
        "小时均值超标",
        2,
        "HH",
        "核实仪表状态与标记，查明原因并采取减排措施；按许可证要求报告，保存证据。",
    ),
    "emission-day": Judged(
        "日均值超标",
        2,
        "HH",
        "核实全天数据有效性，查明原因，按许可证要求报告并整改。",
    ),
    DUTY_OVERDUE: Judged(
        "定期工作逾期",
        4,
        "",
        "督促企业完成并登记；下一周期结束前可补报，之后计入当月亮灯。",
    ),
}
