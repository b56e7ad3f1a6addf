/* Why an alarm is there, in Chinese. The engine writes its sentences once, in English, and they are links of the hash chain;
   what is shown is read from them, clause by clause. What is not known here stays as it was written. */

import { quantityName } from "@/classic/quantities.js";
import { language } from "@/language";

type Rule = [pattern: RegExp, chinese: string];

const COLOURS: Record<string, string> = { red: "红", orange: "橙", yellow: "黄", blue: "蓝" };
/* Whole clauses, and what may stand before a comparison. $1, $2 … are translated in their turn. */
const CLAUSES: Rule[] = [
  [/^limits changed: (.*)$/, "限值变更:$1"],
  [/^good data again after (.*)$/, "数据中断 $1 后恢复"],
  [/^good data again: (.*), alarm at (.*)$/, "数据恢复:$1,报警限 $2"],
  [/^good data again: (.*)$/, "数据恢复:$1"],
  [/^(.*) when last known, alarm at (.*)$/, "最后已知 $1,报警限 $2"],
  [/^(.*) when last known$/, "最后已知 $1"],
  [/^unverified, (.*)$/, "未核实:$1"],
  [/^no data for more than (.*)$/, "超过 $1 无数据"],
  [/^too little data, or none for too long$/, "数据过少或中断过久"],
  [/^data (bad|uncertain|stale)$/, "$1"],
  [/^no good data from any of (\d+) tags for (.*) \(limit (.*)\)$/, "$1 个点位均无有效数据,已 $2(限 $3)"],
  [/^no good data from any of (\d+) devices for (.*) \(limit (.*)\)$/, "$1 台设备均无有效数据,已 $2(限 $3)"],
  [/^no good data from (\S+) for (.*) \(limit (.*)\)$/, "$1 无有效数据,已 $2(限 $3)"],
  [/^not known since the engine began anew, stands as it stood$/, "引擎重启后尚无数据,维持原状"],
  [/^(\d+) of (\d+) detectors in alarm, (\d+) needed: (.*)$/, "$2 只探测器中 $1 只报警(判据 $3 只):$4"],
  [/^(\d+) of (\d+) detectors in alarm, (\d+) needed$/, "$2 只探测器中 $1 只报警(判据 $3 只)"],
  [/^none of (\d+) detectors in alarm$/, "$1 只探测器均未报警"],
  [/^only (.*)$/, "仅 $1"],
  [/^(\d+) bad or stale$/, "$1 只数据不良或陈旧"],
  [/^(.*) unchanged for (.*) or more$/, "$1,已 $2 以上无变化"],
  [/^(.*): it moves again$/, "$1,恢复变化"],
  [/^quality not good for (.*)$/, "数据质量存疑已 $1"],
  [/^quality bad for (.*)$/, "数据质量不良已 $1"],
  [/^(.*) is at the end of the span (\S+) to (.*) for (.*): clipped$/, "$1 处于量程 $2 至 $3 的端点已 $4,疑似削顶"],
  [/^(.*) is outside the span (\S+) to (.*)$/, "$1 超出量程 $2 至 $3"],
  [/^(.*) is no value but a sign that there is none$/, "$1 不是测量值,是无数据的代码"],
  [/^(.*) is a value that the instrument can measure$/, "$1 在仪表可测范围内"],
  [/^not within (.*) after (.*)$/, "在“$2”之后 $1 内未出现"],
  [/^within (.*) after (.*)$/, "在“$2”之后 $1 内"],
  [/^(\d+) minutes beyond (.*), up to (.*)$/, "$1 个分钟均值超过 $2,最高 $3"],
  [/^(.*): not reported in time$/, "$1 未按期登记"],
  [/^(.*): made up for, missed for good, or no duty any more$/, "$1 已补报、已过期或不再要求"],
  [/^no longer so$/, "不再成立"],
  [/^no longer: (.*)$/, "不再成立:$1"],
  [/^now (\S+ ?\S*), (\S+ ?\S*), reaches it in (.*) if nothing changes$/, "现为 $1,变化 $2,照此 $3 后到达"],
  [/^now (\S+ ?\S*), (\S+ ?\S*\/min)$/, "现为 $1,变化 $2"],
  [/^(.*) so far, now (.*), passes it at (.*) if nothing changes$/, "至今 $1,现为 $2,照此 $3 超过"],
  [/^(.*) so far, now (.*)$/, "至今 $1,现为 $2"],
  [/^(red|orange|yellow|blue) \((\d+)\) because (.*)$/, "$1($2):$3"],
  [/^(red|orange|yellow|blue) \((\d+)\): no alarm stands$/, "$1($2):没有报警"],
  // A comparison with a limit.
  [/^(.*) back below (.*), alarm at (.*)$/, "$1 回落至 $2 以下,仍在 $3 报警"],
  [/^(.*) back above (.*), alarm at (.*)$/, "$1 回升至 $2 以上,仍在 $3 报警"],
  [/^(.*) back below (.*)$/, "$1 回落至 $2 以下"],
  [/^(.*) back above (.*)$/, "$1 回升至 $2 以上"],
  [/^(.*) above ((?:HH|H|L|LL)\b.*) by (.*)$/, "$1,高于 $2,超出 $3"],
  [/^(.*) below ((?:HH|H|L|LL)\b.*) by (.*)$/, "$1,低于 $2,低出 $3"],
  [/^(.*) above ((?:HH|H|L|LL)\b.*|a limit that is gone)$/, "$1 高于 $2"],
  [/^(.*) below ((?:HH|H|L|LL)\b.*|a limit that is gone)$/, "$1 低于 $2"],
  [/^a limit that is gone$/, "已取消的限值"],
  [/^(HH|H|L|LL), whose limit is not known$/, "$1(限值未知)"],
  // What is compared.
  [/^(\w+) predicted (.*) in (\S+)$/, "$3 后 $1 预计 $2"],
  [/^(\w+) mean of (.*) forecast (.*)$/, "$1 在 $2 的均值预计 $3"],
  [/^(\w+) from (\S+) to (.*) in (.*): (.*)$/, "$1 在 $4 内由 $2 变至 $3($5)"],
  [/^(.*) against its (.*) mean of (.*)$/, "$1,自身 $2 均值 $3"],
  [/^(.*) against (.*) of (\S+): difference (.*)$/, "$1,参照 $3 为 $2,相差 $4"],
  [/^(\w+) of (\w+) over (\S+) (.*) \((\d+) of (\d+) panes with data\)$/, "$2 近 $3 的 $1 为 $4($5/$6 段有数据)"],
  // A quantity and its value.
  [/^([a-z][a-z0-9_]*) (-?[\d.]+(?:e[-+]?\d+)?.*)$/, "$1 $2"],
];
const WORDS: Record<string, string> = { bad: "数据不良", uncertain: "数据存疑", stale: "数据陈旧", mean: "均值", max: "最大值", min: "最小值", sum: "合计", ...COLOURS };

function clause(text: string): string {
  const word = WORDS[text] ?? quantityName(text, 0);
  if (word !== text) return word;
  for (const [pattern, chinese] of CLAUSES) {
    const found = pattern.exec(text);
    if (found) return chinese.replace(/\$(\d)/g, (_, k: string) => clause(found[Number(k)]!));
  }
  return text;
}

/** As the person reads it. */
export const why = (text: string): string => (language.value === "zh" ? text.split("; ").map(clause).join(";") : text);
