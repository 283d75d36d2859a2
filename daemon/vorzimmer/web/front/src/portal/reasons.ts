/** Why the office is open or closed: the server's sentence, put into the page's language. */
import { said } from "../i18n/sentences";
import { language } from "../i18n/language";
import { shortDate } from "./when";
import { t, type Word } from "./words";

const DAYS: Readonly<Record<string, Word>> = {
  Monday: "monday",
  Tuesday: "tuesday",
  Wednesday: "wednesday",
  Thursday: "thursday",
  Friday: "friday",
  Saturday: "saturday",
  Sunday: "sunday",
};

const GERMAN: readonly (readonly [RegExp, string])[] = [
  [/^open: switched by hand.*$/, "Von Hand geöffnet"],
  [/^closed: switched by hand.*$/, "Von Hand geschlossen"],
  [/^closed for lunch: (.+)$/, "Mittagspause: $1"],
  [/^(open|closed): special day (.+)$/, "$1: Besonderer Tag $2"],
];

const ENGLISH: readonly (readonly [RegExp, string])[] = [
  [/^open: switched by hand.*$/, "Opened by hand"],
  [/^closed: switched by hand.*$/, "Closed by hand"],
];

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^open: /, "Offen: "],
  [/^closed: /, "Geschlossen: "],
  [/ outside /, ", offen nur "],
  [/\bvacation \(/, "Urlaub ("],
  [/ to (?=\d|[A-Z0-9])/, " bis "],
];

/** For instance: Closed: Monday outside 08:00-18:00. */
export function inWords(reason: string): string {
  // What comes behind says how the client was found by the number: no client's matter.
  let sentence = reason.split("; client found ")[0] ?? reason;
  const German = language.value === "de";
  for (const [pattern, words] of German ? GERMAN : ENGLISH) sentence = sentence.replace(pattern, words);
  for (const [pattern, words] of German ? WORDS : []) sentence = sentence.replace(pattern, words);
  sentence = sentence
    .replace(/\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b/g, (day) => t(DAYS[day] ?? "monday"))
    .replace(/\b\d{4}-\d\d-\d\d\b/g, shortDate)
    .replace(/(\d)-(\d\d:)/g, "$1–$2");
  sentence = said(sentence);
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
