/** A rule as data: a new one, what it says in a line, and what of it is not typed yet. */
import { said } from "../../i18n/sentences";
import type { Channel, Rule } from "./types";
import { t, word } from "./words";

export const ON_CALL = "on-call";
export const CONTACT = "contact:";

const INTERVAL = /^\d\d?:\d\d-\d\d:\d\d$/;
const SPOKEN_OF = /^rule '[^']*', [\w.]+: /;

/** The names of the client's contacts, by id. */
export type Names = ReadonlyMap<string, string>;

export function begun(rules: readonly Rule[], channel: Channel): Rule {
  const taken = new Set(rules.map((rule) => rule.id));
  let n = rules.length + 1;
  while (taken.has(`rule-${n}`)) n++;
  return {
    id: `rule-${n}`,
    channel,
    to: [""],
    of: [],
    digest: [],
    quiet: null,
    language: null,
    facts: [],
    numbers: "whole",
    recording: channel === "email" ? "attached" : "linked",
    template: null,
  };
}

/** An address as it is shown: a contact by name. */
export function whom(to: string, names: Names = new Map()): string {
  if (to === ON_CALL) return t("rule.to.on_call");
  if (!to.startsWith(CONTACT)) return to;
  const id = to.slice(CONTACT.length);
  return names.get(id) ?? id;
}

export function inShort(rule: Rule, n: number, names?: Names): string {
  const to = rule.to.filter(Boolean).map((one) => whom(one, names)).join(", ");
  return `${n + 1}. ${word("channel", rule.channel)}: ${to || t("rule.to.nobody")}`;
}

export function unfinished(rule: Rule): boolean {
  const hours = rule.quiet === null || rule.quiet === "always" ? [] : Object.values(rule.quiet).flat();
  return (
    rule.to.length === 0 ||
    rule.to.some((one) => one.trim() === "") ||
    rule.digest.some((time) => time === "") ||
    hours.some((interval) => !INTERVAL.test(interval)) ||
    (rule.template !== null && rule.template.body.trim() === "")
  );
}

/** What the server says of a field, without which rule and field it is: that is where it stands. */
export function plain(sentence: string | undefined): string | undefined {
  return sentence === undefined ? undefined : said(sentence.replace(SPOKEN_OF, ""));
}

export function moved<T>(all: readonly T[], from: number, to: number): readonly T[] {
  const news = [...all];
  news.splice(to, 0, ...news.splice(from, 1));
  return news;
}
