import { expect, it } from "vitest";
import { language } from "@/language";
import { why } from "@/why";

it.each([
  ["level 92.8554 % above HH 90 %", "液位 92.8554 % 高于 HH 90 %"],
  ["temperature 18.0725 °C back below H 40 °C", "温度 18.0725 °C 回落至 H 40 °C 以下"],
  ["nmhc 52 mg/m3 back below HH 60 mg/m3, alarm at H 48 mg/m3", "非甲烷总烃 52 mg/m3 回落至 HH 60 mg/m3 以下,仍在 H 48 mg/m3 报警"],
  ["level predicted 91.4053 % in 8s above HH 90 % by 1.4053 %; now 67.8716 %, +176.503 %/min, reaches it in 8s if nothing changes", "8s 后 液位 预计 91.4053 %,高于 HH 90 %,超出 1.4053 %;现为 67.8716 %,变化 +176.503 %/min,照此 8s 后到达"],
  ["no good data from any of 4 tags for 11s (limit 6s)", "4 个点位均无有效数据,已 11s(限 6s)"],
  ["good data again after 11s", "数据中断 11s 后恢复"],
  ["2 of 2 detectors in alarm, 2 needed: lel1 78.8707 %LEL, lel2 87.5559 %LEL", "2 只探测器中 2 只报警(判据 2 只):lel1 78.8707 %LEL, lel2 87.5559 %LEL"],
  ["no data for more than 10s; level 95 % when last known, alarm at HH 90 %", "超过 10s 无数据;最后已知 液位 95 %,报警限 HH 90 %"],
  ["level 95 % above HH 90 %; unverified, data bad", "液位 95 % 高于 HH 90 %;未核实:数据不良"],
  ["orange (50) because park.FL-NW: benzene H for 0 s (+25)", "橙(50):park.FL-NW: benzene H for 0 s (+25)"],
  ["特种设备日管控 2026-11-01: not reported in time", "特种设备日管控 2026-11-01 未按期登记"],
  ["RTO1.chamber < 760 °C and nmhc > 48 mg/m3: RTO1.chamber 496.369 °C", "RTO1.chamber < 760 °C and nmhc > 48 mg/m3: RTO1.chamber 496.369 °C"],
  ["mean of nmhc over 1h 61.2 mg/m3 (6 of 6 panes with data) above H 60 mg/m3", "非甲烷总烃 近 1h 的 均值 为 61.2 mg/m3(6/6 段有数据) 高于 H 60 mg/m3"],
  ["", ""],
])("%s", (english, chinese) => {
  expect(why(english)).toBe(chinese);
});

it("is as it was written in English", () => {
  language.value = "en";
  expect(why("level 92.8554 % above HH 90 %")).toBe("level 92.8554 % above HH 90 %");
  language.value = "zh";
});
