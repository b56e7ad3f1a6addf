/* What the views of cases say. */

import { words } from "@/language";

const zh = {
  title: "工单", all: "全部", overdue: "超期", none: "没有工单", more: "更多", back: "返回列表", order: "打印交办单", loadFailed: "未能读取",
  number: "编号", what: "事项", who: "企业", colour: "等级", state: "状态", due: "期限", left: (s: string) => `剩余 ${s}`, late: (s: string) => `已超期 ${s}`,
  escalated: (to: string) => `已上报 ${to}`, filter: "筛选:编号、事项、企业…",
  states: { dispatched: "已交办", received: "已签收", answered: "待复核", verified: "已复核", closed: "已销号" },
  colours: { red: "红", orange: "橙", yellow: "黄", blue: "蓝" },
  causes: { real: "真实", instrument: "仪表", calibration: "校准", test: "测试", communication: "通信" },
  roles: { operator: "值班员", supervisor: "值班长", reviewer: "检查员", engineer: "规则工程师", enterprise: "企业", device: "设备", admin: "管理员", service: "系统" },
  steps: { dispatch: "交办", receive: "签收", answer: "整改", accept: "复核通过", refuse: "复核退回", close: "销号", reopen: "重新打开", message: "留言", attach: "附件", cause: "更正原因", alerts: "补充报警", remind: "临期提醒", escalate: "超期上报" },
  cause: "原因", source: "部位", opened: "交办", instructions: "整改要求", alerts: "关联报警", talk: "经过", files: "附件", internal: "内部",
  receive: "签收", answer: "提交整改结果", answerText: "做了什么,结果如何", accept: "复核通过", refuse: "退回", verifyText: "现场核查情况", close: "销号", reopen: "重新打开", reopenText: "为何重新打开",
  send: "发送", message: "留言给对方", internalOnly: "仅园区内部可见", upload: "添加附件(图片、PDF、表格,10 MB 以内)", fourEyes: "交办人和整改人不能复核自己的工单,请由另一人复核", nothing: "当前没有您可以做的操作",
  dispatch: "交办工单", subject: "事项", enterprise: "承办企业", deadline: "期限(+08:00)", byColour: "按等级", cancel: "取消", colourBy: "等级",
};
const en: typeof zh = {
  title: "Cases", all: "All", overdue: "Overdue", none: "No cases", more: "More", back: "Back to the list", order: "Print order", loadFailed: "Could not be read",
  number: "Number", what: "Matter", who: "Enterprise", colour: "Colour", state: "State", due: "Deadline", left: (s) => `${s} left`, late: (s) => `overdue by ${s}`,
  escalated: (to) => `escalated to ${to}`, filter: "Filter: number, matter, enterprise…",
  states: { dispatched: "Dispatched", received: "Received", answered: "To be verified", verified: "Verified", closed: "Closed" },
  colours: { red: "red", orange: "orange", yellow: "yellow", blue: "blue" },
  causes: { real: "real", instrument: "instrument", calibration: "calibration", test: "test", communication: "communication" },
  roles: { operator: "operator", supervisor: "supervisor", reviewer: "reviewer", engineer: "engineer", enterprise: "enterprise", device: "device", admin: "admin", service: "service" },
  steps: { dispatch: "dispatched", receive: "received", answer: "answered", accept: "accepted", refuse: "refused", close: "closed", reopen: "reopened", message: "message", attach: "file", cause: "cause corrected", alerts: "alerts added", remind: "reminded", escalate: "escalated" },
  cause: "Cause", source: "Source", opened: "Dispatched", instructions: "To be done", alerts: "Alerts", talk: "History", files: "Files", internal: "internal",
  receive: "Receive", answer: "Answer", answerText: "What was done, and the result", accept: "Accept", refuse: "Refuse", verifyText: "What was found on site", close: "Close", reopen: "Reopen", reopenText: "Why it is reopened",
  send: "Send", message: "Message to the other side", internalOnly: "seen by the park alone", upload: "Add a file (picture, PDF, table, up to 10 MB)", fourEyes: "Who dispatched or answered a case does not verify it; another person has to", nothing: "There is nothing for you to do now",
  dispatch: "Dispatch case", subject: "Matter", enterprise: "Enterprise", deadline: "Deadline (+08:00)", byColour: "by colour", cancel: "Cancel", colourBy: "Colour",
};

export const w = words(zh, en);
