/* What the view of the shift says. */

import { words } from "@/language";

export const w = words(
  {
    title: "值班", log: "值班日志", handover: "交接班", duties: "定期工作与检查", failed: "未能完成", kind: "类别", kinds: { note: "记事", call: "电话", visit: "现场", order: "指令" }, entry: "记录一条:打了什么电话、去了哪里、说了什么…", write: "写入", empty: "还没有记录", more: "更多",
    note: "交班说明", look: "预览交接单", sign: "签字交班", waiting: "待接班签字", intact: "与签字时一致", broken: "与签字时不一致!", print: "打印", takeNote: "接班说明", take: "签字接班", onlyOverdue: "只看逾期", inspect: "待现场检查的企业", never: "从未检查", nothing: "没有",
    parts: { standing: "未消除报警", aside: "搁置、抑制、停用", contexts: "作业与检修", offline: "离线通道", cases: "未销号工单", duties: "逾期定期工作", entries: "值班日志" },
    states: { unack: "未确认", acked: "已确认", rtnun: "恢复未确认", shelved: "已搁置", suppressed: "已抑制", out_of_service: "停用", planned: "计划", live: "进行中", starting: "启动中", degraded: "异常", disconnected: "断开", stopped: "已停止", dispatched: "已交办", received: "已签收", answered: "待复核", verified: "已复核", overdue: "逾期" } as Record<string, string>,
  },
  {
    title: "On duty", log: "Shift log", handover: "Handover", duties: "Duties and inspections", failed: "Not done", kind: "Kind", kinds: { note: "note", call: "call", visit: "visit", order: "order" }, entry: "Write down: whom you called, where you went, what was said…", write: "Write", empty: "Nothing written yet", more: "More",
    note: "Note to the next shift", look: "Look at the sheet", sign: "Sign and hand over", waiting: "not signed yet", intact: "as it was signed", broken: "not as it was signed!", print: "Print", takeNote: "Note", take: "Sign and take over", onlyOverdue: "overdue only", inspect: "Enterprises to be inspected", never: "never inspected", nothing: "nothing",
    parts: { standing: "Standing alerts", aside: "Shelved, suppressed, out of service", contexts: "Work in the plant", offline: "Offline", cases: "Open cases", duties: "Overdue duties", entries: "Shift log" },
    states: { unack: "unacked", rtnun: "returned", out_of_service: "out of service" } as Record<string, string>,
  },
);
