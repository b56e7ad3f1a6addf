/* Why an alarm is there, in Chinese. The engine writes its sentences once, in English, and they are links of the hash chain;
   what is shown is read from them, clause by clause, by the rules that the service itself uses (service/why.py). What is
   not known there stays as it was written. */

import { quantityName } from "@/classic/quantities.js";
import { language } from "@/language";
import rules from "../../why.zh.json";

const CLAUSES = rules.clauses.map(([pattern, chinese]) => [new RegExp(pattern!), chinese!] as const);
const WORDS: Record<string, string> = rules.words;

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
