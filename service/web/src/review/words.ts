/* What the review says. */

import { words } from "@/language";

export const w = words(
  {
    title: "事件回放", failed: "未能读取", play: "播放", pause: "暂停", speed: "倍速", begin: "回到开头", records: "记录", standing: "当时报警", none: "此刻没有报警", pack: "生成证据包", packing: "正在生成…", packReady: "下载证据包", back: "返回", before: "提前", after: "延后", wind: "风",
    none_chosen: "从报警详情或企业、点位页面打开“回放”,即可按时间重现现场", note: "更早产生且在此期间无任何变化的报警不在其中,请增加提前量",
    kinds: { alert: "报警", operator: "操作", context: "工况", notification: "通知", rule: "规则", gap: "断线", case: "工单", risk: "风险", mark: "标记", command: "指令" } as Record<string, string>,
    states: { unack: "未确认", acked: "已确认", rtnun: "恢复未确认", norm: "恢复", shelved: "搁置", suppressed: "抑制", out_of_service: "停用" } as Record<string, string>,
    triggers: { raised: "产生", level_up: "升级", level_down: "降级", cleared: "恢复正常", returned: "再次发生", ack: "确认", comment: "备注", shelve: "搁置", unshelve: "取消搁置", expired: "到期", suppress: "抑制", not_first: "非首发", unverified: "未核实", verified: "已核实" } as Record<string, string>,
  },
  {
    title: "Incident review", failed: "Could not be read", play: "Play", pause: "Pause", speed: "times", begin: "To the beginning", records: "Records", standing: "Alerts then", none: "Nothing stood at this moment", pack: "Make evidence pack", packing: "being made…", packReady: "Download evidence pack", back: "Back", before: "before", after: "after", wind: "Wind",
    none_chosen: "Open “Replay” from an alert, an enterprise or a source to see what happened, in order", note: "Older alerts that nothing became of in this span are not among them: begin earlier",
    kinds: { alert: "Alert", operator: "Operator", context: "Context", notification: "Message", rule: "Rules", gap: "Gap", case: "Case", risk: "Risk", mark: "Mark", command: "Command" },
    states: { unack: "unacked", acked: "acked", rtnun: "returned", norm: "over", shelved: "shelved", suppressed: "suppressed", out_of_service: "out of service" },
    triggers: { raised: "raised", level_up: "level up", level_down: "level down", cleared: "returned to normal", returned: "returned", ack: "acknowledged", comment: "comment", shelve: "shelved", unshelve: "unshelved", expired: "expired", suppress: "suppressed", not_first: "not the first", unverified: "unverified", verified: "verified" },
  },
);
