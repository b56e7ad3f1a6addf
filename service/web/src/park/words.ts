/* What the pages of enterprises and sources say. */

import { words } from "@/language";

const zh = {
  enterprises: "企业", portal: "本企业", failed: "未能读取", name: "名称", kind: "类型", sources: "点位", alerts: "当前报警", cases: "工单", noAlerts: "没有报警", noCases: "没有未销号工单", light: "本月亮灯", score: "得分", rating: "等级", notRated: "未评级",
  inspect: "下次检查", asap: "尽快", overdue: "逾期", inspected: "上次检查", never: "从未", month: "月份", final: "已定", running: "进行中", why: "扣分明细", points: "分", none: "无",
  lights: { red: "红灯", yellow: "黄灯", green: "绿灯" },
  counted: { alarm_p1: "紧急报警", alarm_p2: "高级报警", exceedance: "小时/日均值超标", case_overdue: "超期工单", duty_missed: "未按期完成的定期工作", defect: "检查发现缺陷" } as Record<string, string>,
  duties: "定期工作", noDuties: "没有配置定期工作", every: { day: "每日", week: "每周", month: "每月" } as Record<string, string>, period: "周期", until: "期限", report: "登记完成", found: "登记有缺陷", waive: "免除", note: "说明",
  states: { done: "已完成", open: "待完成", overdue: "逾期", missed: "未完成" }, results: { done: "完成", defects: "有缺陷", waived: "免除" } as Record<string, string>,
  inspections: "现场检查", addInspection: "登记检查", defects: "缺陷数", text: "检查情况", rate: "评级", reason: "评级理由",
  contacts: "联系人", documents: "资料", devices: "数采设备", connected: "在线", offline: "离线", lastHeard: "最后通信", clock: "时钟偏差", refused: "拒收", deadLetters: "收到但无法使用的数据", noDead: "没有,全部数据均可使用", received: "收到", reasonOf: "原因", how: "如何改正", raw: "原文",
  keys: "接入密钥", addKey: "新建密钥", once: (name: string) => `密钥 ${name}(仅显示这一次):`, revoke: "作废", sure: "再按一次确认", valid: "有效", revoked: "已作废", created: "建立",
  marks: "数据标记", toMarks: "查看并申报标记", quality: "数据质量", lately: "近 7 日", online: "在线率", transmission: "传输率", valid_rate: "有效率", efficiency: "传输有效率", noQuality: "没有已评判的数据",
  point: "点位", value: "当前值", limit: "限值", age: "时间", state: "状态", bad: "数据不良", stale: "陈旧", show: "显示趋势", addTag: "添加其他点位 (完整编号)", add: "添加", toOutlet: "小时均值与限值", hazard: "重大危险源", grade: "级", people: "500 m 内常住人口", r: "R 值", chemical: "物质", amount: "设计最大量 t", critical: "临界量 t", replay: "回放", what: "报警点", since: "发生", priority: "优先级", source: "位置", due: "期限", back: "返回", guidance: "处置",
  kinds: { tank: "储罐", reactor: "反应装置", unit: "装置", gas_detectors: "气体探测器", waste_gas_outlet: "废气排放口", waste_water_outlet: "废水排放口", fence_line: "厂界监测点", air_station: "空气站", weather_station: "气象站", treatment_unit: "治理设施", waste_store: "危废贮存" } as Record<string, string>,
  alertStates: { unack: "未确认", acked: "已确认", rtnun: "恢复未确认", shelved: "已搁置", suppressed: "已抑制", out_of_service: "停用", norm: "已恢复" } as Record<string, string>,
};
const en: typeof zh = {
  enterprises: "Enterprises", portal: "My enterprise", failed: "Could not be read", name: "Name", kind: "Kind", sources: "Sources", alerts: "Standing alerts", cases: "Cases", noAlerts: "No alerts", noCases: "No open cases", light: "Light of the month", score: "Score", rating: "Rating", notRated: "not rated",
  inspect: "Next inspection", asap: "as soon as possible", overdue: "overdue", inspected: "Last inspection", never: "never", month: "Month", final: "final", running: "running", why: "What was counted", points: "points", none: "none",
  lights: { red: "red", yellow: "yellow", green: "green" },
  counted: { alarm_p1: "Urgent alarms", alarm_p2: "High alarms", exceedance: "Hours and days over their limit", case_overdue: "Overdue cases", duty_missed: "Duties not done in time", defect: "Defects found on site" },
  duties: "Periodic duties", noDuties: "No duties are configured", every: { day: "daily", week: "weekly", month: "monthly" }, period: "Period", until: "Until", report: "Done", found: "Done, with defects", waive: "Waive", note: "Note",
  states: { done: "done", open: "open", overdue: "overdue", missed: "missed" }, results: { done: "done", defects: "defects", waived: "waived" },
  inspections: "Inspections", addInspection: "Record an inspection", defects: "Defects", text: "What was found", rate: "Rate", reason: "Why this rating",
  contacts: "Contacts", documents: "Documents", devices: "Data loggers", connected: "online", offline: "offline", lastHeard: "Last heard", clock: "Clock off by", refused: "Refused", deadLetters: "We got this and could not use it", noDead: "Nothing: all that came could be used", received: "Received", reasonOf: "Reason", how: "What to mend", raw: "As it came",
  keys: "Keys for machines", addKey: "New key", once: (name) => `Key ${name} (shown this once):`, revoke: "Revoke", sure: "Press again", valid: "valid", revoked: "revoked", created: "Made",
  marks: "Marks", toMarks: "See and declare marks", quality: "Data quality", lately: "last 7 days", online: "Online", transmission: "Transmitted", valid_rate: "Valid", efficiency: "Transmitted and valid", noQuality: "Nothing has been judged yet",
  point: "Point", value: "Value", limit: "Limits", age: "Time", state: "State", bad: "bad data", stale: "stale", show: "in the trend", addTag: "Add another point (full id)", add: "Add", toOutlet: "Hour means and limits", hazard: "Major hazard installation", grade: "grade", people: "Residents within 500 m", r: "R", chemical: "Substance", amount: "Design maximum t", critical: "Critical t", replay: "Replay", what: "What", since: "Since", priority: "Priority", source: "Where", due: "Until", back: "Back", guidance: "What to do",
  kinds: { tank: "Tank", reactor: "Reactor", unit: "Unit", gas_detectors: "Gas detectors", waste_gas_outlet: "Waste gas outlet", waste_water_outlet: "Waste water outlet", fence_line: "Fence line", air_station: "Air station", weather_station: "Weather station", treatment_unit: "Treatment unit", waste_store: "Waste store" },
  alertStates: { unack: "unacked", acked: "acked", rtnun: "returned", shelved: "shelved", suppressed: "suppressed", out_of_service: "out of service", norm: "over" },
};

export const w = words(zh, en);
