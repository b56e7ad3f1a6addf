/* What the page says, in both languages; Chinese is the default. */

import { language, speak } from "@/language";
import { EMISSION_WORDS } from "./emission_words.js";

const WORDS = {
  zh: {
    title: "安全环保实时监测", name: "用户名", password: "密码", key: "API 密钥", byKey: "改用密钥登录", byName: "改用用户名登录", login: "登录", logout: "退出",
    changeTitle: "请先修改密码", changeHint: "当前密码由他人设置,修改后方可使用;至少 12 个字符", oldPassword: "当前密码", newPassword: "新密码", againPassword: "再输一次新密码", notSame: "两次输入的新密码不一致", change: "修改密码", badName: "用户名或密码不正确",
    viewCases: "工单", viewAdmin: "管理", viewPark: "企业", viewPortal: "本企业", viewDuty: "值班", wall: "大屏", andMore: (n) => `另有 ${n} 项`, fewer: "收起", unfold: (n) => `已折叠 ${n} 条随后报警,显示全部`, foldSecondary: (n) => `折叠 ${n} 条随后报警`, replay: "事件回放", dispatch: "交办工单", sound: "声音", soundOn: "开", soundMuted: (s) => `静音 ${s} s`, soundBlocked: "点此允许声音", mute: "静音 1 分钟", load: "近 10 分钟报警", bands: { acceptable: "可接受", manageable: "可管理", high: "偏高", flood: "泛滥" },
    notify: "桌面通知", map: "园区一张图", wind: "风", keyPage: "确认本页", keyGroup: "确认同组", keyShelve: "搁置", keyDispatch: "交办", keyMute: "静音", keyHelp: "快捷键", help: "快捷键",
    loginHint: "账户由管理员用 parkwatch user add 建立", other: "English",
    badKey: "密钥无效或已失效", tooMany: "登录失败次数过多,请稍候再试", unreachable: "无法连接服务",
    dataAsOf: "数据截至", noData: "尚无数据", ago: (s) => `${s} 前`,
    connected: "实时", connecting: "连接中…", linkLost: "连接中断",
    lost: "与服务的连接已中断!画面不再更新", lostDetail: (time, s) => `最后更新 ${time}(${s} 前),正在自动重连…`,
    alerts: "报警", noAlerts: "当前没有报警", noMatch: "没有符合筛选的报警", search: "筛选:位号、装置、企业、级别…",
    priority: "优先级", state: "状态", what: "报警点", where: "位置", value: "当前值 / 限值", onset: "发生时间", why: "原因",
    keyMove: "移动", keyAck: "确认", keyOpen: "详情",
    ack: (level) => `确认${level ? " " + level : ""}`, acking: "确认中…", moved: "列表刚刚移动,请再确认一次",
    ackTitle: (level) => `按所见级别 ${level || "—"} 确认该报警`,
    states: { unack: "未确认", acked: "已确认", rtnun: "恢复未确认", shelved: "已搁置", suppressed: "已抑制", out_of_service: "停用" },
    priorities: { 1: "紧急", 2: "高", 3: "中", 4: "低" },
    unverified: "未核实", unverifiedTitle: "数据不良或缺失,无法核实报警是否仍成立", late: "迟检", lateTitle: (t) => `补传数据中发现,检出时间 ${t}`,
    peak: "峰值", limit: "限值", values: "实时数值", stale: "陈旧", noValue: "无值",
    connectorStates: { starting: "启动中", connected: "正常", degraded: "异常", disconnected: "断开", stopped: "已停止" },
    store: "数据库", storeDown: "不可用", lag: (s) => `滞后 ${s}`, shared: "园区共享",
    comment: "添加备注", commentHint: "写入报警记录的备注", events: "经过", incomplete: "数据库未应答,仅显示内存中的记录",
    triggers: { raised: "产生", level_up: "升级", level_down: "降级", unverified: "未核实", verified: "已核实", cleared: "恢复正常", returned: "再次发生", ack: "确认", comment: "备注", shelve: "搁置", unshelve: "取消搁置", expired: "到期", suppress: "抑制", context_ended: "抑制结束", take_out: "停用", put_back: "恢复使用", reset: "复位", not_first: "非首发" },
    ledger: "台账", ledgerTitle: "台账 · 搁置、抑制、停用与工况", ledgerHint: "依据《危险化学品安全法》第三十八条:搁置或抑制的报警照常评估、记录并列于此处,到期自动恢复", putAside: "搁置、抑制、停用的报警", nothingAside: "没有", contexts: "工况与作业", noContexts: "没有登记", contextsOver: "最近结束",
    contextKinds: { start_up: "开车", shutdown: "停车", overhaul: "大修", calibration: "校准", maintenance: "检维修", hot_work: "动火作业", confined_space: "受限空间作业", special_work: "特殊作业" },
    contextStates: { planned: "计划", live: "进行中", over: "已结束" }, endContext: "提前结束", endedBy: "结束人", byContext: "工况", byComm: "通信中断", untilOver: "原因消除为止", left: (s) => `剩余 ${s}`, beginsIn: (s) => `${s}后开始`, stopWork: "停止作业",
    shelve: "搁置", shelveReason: "搁置原因(必填,写入台账)", unshelve: "取消搁置", putBack: "恢复使用", protectedNote: "重大危险源的高高/低低及气体报警、停止作业报警依法不得搁置、抑制或停用(《危险化学品安全法》第三十八条)",
    firstOut: "首发", follows: "随后", isFirst: "本组首发报警", isNotFirst: "随首发报警之后", chatter: "抖动", flood: (who, n, since) => `报警泛滥${who ? `(${who})` : "(全园区)"}:10 分钟内 ${n} 条,自 ${since} 起`,
    engine: "系统", by: "确认人", level: "级别", onsetLong: "发生", raised: "报警", detected: "检出", cleared: "恢复", rule: "规则", guidance: "处置", standard: "依据", failed: "操作失败",
    risk: "风险", riskScore: "分值", colours: { red: "红", orange: "橙", yellow: "黄", blue: "蓝" }, comma: "、",
    riskGrade: (n) => `${["", "一级", "二级", "三级", "四级"][n]}重大危险源`, riskFor: (s) => `已 ${s}`,
    riskUnverified: (n, of) => `${of} 条报警中 ${n} 条未核实`, riskFurther: (n) => `另有 ${n} 处黄色及以上`, riskOthers: (n) => `另有 ${n} 条报警`,
    riskWhole: "企业整体", riskHidden: "园区整体风险颜色;原因仅园区可见",
    newAlert: (n, what) => `新报警 ${n}:${what}`, units: { s: "秒", m: "分", h: "时", d: "天" },
  },
  en: {
    title: "Safety and environmental monitoring", name: "User name", password: "Password", key: "API key", byKey: "Use a key instead", byName: "Use a name instead", login: "Log in", logout: "Log out",
    changeTitle: "Change the password first", changeHint: "Somebody else has set it; nothing works until it is changed. 12 characters at least", oldPassword: "Present password", newPassword: "New password", againPassword: "New password again", notSame: "The two new passwords differ", change: "Change password", badName: "Name or password is not right",
    viewCases: "Cases", viewAdmin: "Admin", viewPark: "Enterprises", viewPortal: "My enterprise", viewDuty: "Duty", wall: "Wall", andMore: (n) => `${n} more`, fewer: "Fewer", unfold: (n) => `${n} that followed are folded: show all`, foldSecondary: (n) => `Fold ${n} that followed`, replay: "Replay", dispatch: "Dispatch case", sound: "Sound", soundOn: "on", soundMuted: (s) => `muted ${s} s`, soundBlocked: "click to allow sound", mute: "Mute 1 min", load: "Alarms in 10 min", bands: { acceptable: "acceptable", manageable: "manageable", high: "high", flood: "flood" },
    notify: "Notifications", map: "Park map", wind: "Wind", keyPage: "ack page", keyGroup: "ack group", keyShelve: "shelve", keyDispatch: "dispatch", keyMute: "mute", keyHelp: "keys", help: "Keys",
    loginHint: "The administrator makes accounts with parkwatch user add", other: "中文",
    badKey: "The key is not valid (any more)", tooMany: "Too many failed logins; wait a moment", unreachable: "The service cannot be reached",
    dataAsOf: "Data as of", noData: "no data yet", ago: (s) => `${s} ago`,
    connected: "Live", connecting: "Connecting…", linkLost: "Connection lost",
    lost: "Connection to the service lost! This picture is not being updated", lostDetail: (time, s) => `Last update ${time} (${s} ago); reconnecting…`,
    alerts: "Alerts", noAlerts: "No alerts", noMatch: "No alert matches the filter", search: "Filter: tag, source, enterprise, level…",
    priority: "Priority", state: "State", what: "What", where: "Where", value: "Value / limit", onset: "Since", why: "Why",
    keyMove: "move", keyAck: "acknowledge", keyOpen: "details",
    ack: (level) => `Ack${level ? " " + level : ""}`, acking: "…", moved: "The list has just moved; acknowledge once more",
    ackTitle: (level) => `Acknowledge this alert at the level seen: ${level || "—"}`,
    states: { unack: "Unacked", acked: "Acked", rtnun: "Returned", shelved: "Shelved", suppressed: "Suppressed", out_of_service: "Out of service" },
    priorities: { 1: "Urgent", 2: "High", 3: "Medium", 4: "Low" },
    unverified: "unverified", unverifiedTitle: "Bad or missing data: it cannot be verified that the alarm still holds", late: "late", lateTitle: (t) => `Found in a backlog, detected at ${t}`,
    peak: "peak", limit: "limit", values: "Live values", stale: "stale", noValue: "none",
    connectorStates: { starting: "starting", connected: "ok", degraded: "degraded", disconnected: "disconnected", stopped: "stopped" },
    store: "Database", storeDown: "down", lag: (s) => `${s} behind`, shared: "shared",
    comment: "Comment", commentHint: "A remark for the record", events: "What happened", incomplete: "The database does not answer: only events still in memory",
    triggers: { raised: "raised", level_up: "level up", level_down: "level down", unverified: "unverified", verified: "verified", cleared: "returned to normal", returned: "returned", ack: "acknowledged", comment: "comment", shelve: "shelved", unshelve: "unshelved", expired: "expired", suppress: "suppressed", context_ended: "context ended", take_out: "taken out of service", put_back: "put back", reset: "reset", not_first: "not the first" },
    ledger: "Ledger", ledgerTitle: "Ledger: what is put aside, and the context", ledgerHint: "Dangerous Chemicals Safety Law, art. 38: what is shelved or suppressed is still evaluated, recorded and listed here, and comes back by itself", putAside: "Shelved, suppressed, out of service", nothingAside: "Nothing", contexts: "Context and permits", noContexts: "None", contextsOver: "Lately over",
    contextKinds: { start_up: "Start-up", shutdown: "Shutdown", overhaul: "Overhaul", calibration: "Calibration", maintenance: "Maintenance", hot_work: "Hot work", confined_space: "Confined space", special_work: "Special work" },
    contextStates: { planned: "planned", live: "live", over: "over" }, endContext: "End now", endedBy: "ended by", byContext: "Context", byComm: "Communication", untilOver: "until its cause is over", left: (s) => `${s} left`, beginsIn: (s) => `begins in ${s}`, stopWork: "Stop work",
    shelve: "Shelve", shelveReason: "Reason for shelving (required, goes into the ledger)", unshelve: "Unshelve", putBack: "Put back", protectedNote: "HH, LL and gas alarms on major hazard sources and orders to stop work must not be shelved, suppressed or taken out of service (Dangerous Chemicals Safety Law, art. 38)",
    firstOut: "first-out", follows: "follows", isFirst: "first of its group", isNotFirst: "followed the first of its group", chatter: "chattering", flood: (who, n, since) => `Alarm flood (${who ?? "whole park"}): ${n} in 10 minutes, since ${since}`,
    engine: "system", by: "by", level: "Level", onsetLong: "Onset", raised: "Raised", detected: "Detected", cleared: "Cleared", rule: "Rule", guidance: "What to do", standard: "Standard", failed: "Failed",
    risk: "Risk", riskScore: "score", colours: { red: "Red", orange: "Orange", yellow: "Yellow", blue: "Blue" }, comma: ", ",
    riskGrade: (n) => `Hazard grade ${n}`, riskFor: (s) => `for ${s}`,
    riskUnverified: (n, of) => `${n} of ${of} alarms unverified`, riskFurther: (n) => `${n} further at yellow or worse`, riskOthers: (n) => `${n} more alarms`,
    riskWhole: "As a whole", riskHidden: "The park's colour; why it has it only the park sees",
    newAlert: (n, what) => `New alert ${n}: ${what}`, units: { s: "s", m: "min", h: "h", d: "d" },
  },
};

const ALL = { zh: { ...WORDS.zh, ...EMISSION_WORDS.zh }, en: { ...WORDS.en, ...EMISSION_WORDS.en } };

/** The words of the language in force. */
export const words = () => ALL[language.value];

/** Change to the other language and write it into everything that carries data-t. */
export function otherLanguage() {
  speak(language.value === "zh" ? "en" : "zh");
  translate();
}

/** Write the words into everything that carries data-t. */
export function translate() {
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = words()[one.dataset.t];
  for (const one of document.querySelectorAll("button.lang")) one.textContent = words().other;
  document.getElementById("search").placeholder = words().search;
  document.getElementById("comment").placeholder = words().commentHint;
}
