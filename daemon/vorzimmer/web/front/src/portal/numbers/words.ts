/** What the page of the numbers says. */
import { wordsOf } from "../words";

const de = {
  numbers: "Unter diesen Nummern antworten wir für Sie",
  shared: "nur für Anrufe, die {numbers} weiterleitet",
  own: "Ihre eigenen Rufnummern",
  "own.why": "Ihre Anrufer wählen diese Nummern; sie sind zu uns weitergeleitet. Vor der Öffnung rufen wir sie an und sehen nach, ob das stimmt.",
  "own.none": "Es ist keine hinterlegt.",
  "own.to": "weitergeleitet auf {did}",
  "own.unwatched": "wird nicht überwacht",
  check: "Jetzt prüfen",
  "check.under_way": "Die Nummer wird angerufen; das dauert bis zu einer Minute.",
  "check.last": "zuletzt geprüft {at}",
  "check.never": "noch nie geprüft",
  checks: "Prüfungen",
  "checks.none": "Es gab noch keine.",
  "checks.before": "vor der Öffnung um {at}",
  "checks.asked": "auf Wunsch",
  "verdict.forwarded": "kommt an",
  "verdict.not_forwarded": "nicht weitergeleitet",
  "verdict.wrong_did": "kommt woanders an",
  "verdict.loop": "läuft im Kreis",
  "verdict.not_checked": "nicht geprüft",
} as const;

const en: Readonly<Record<keyof typeof de, string>> = {
  numbers: "At these numbers we answer for you",
  shared: "only for calls that {numbers} forwards",
  own: "Your own numbers",
  "own.why": "Your callers dial these numbers; they are forwarded to us. Before you open we ring them and see whether that is so.",
  "own.none": "There is none.",
  "own.to": "forwarded to {did}",
  "own.unwatched": "is not watched",
  check: "Check now",
  "check.under_way": "The number is being rung; this takes up to a minute.",
  "check.last": "last checked {at}",
  "check.never": "never checked",
  checks: "Checks",
  "checks.none": "There was none yet.",
  "checks.before": "before opening at {at}",
  "checks.asked": "when asked",
  "verdict.forwarded": "arrives",
  "verdict.not_forwarded": "not forwarded",
  "verdict.wrong_did": "arrives elsewhere",
  "verdict.loop": "goes in a circle",
  "verdict.not_checked": "not checked",
};

export const t = wordsOf(de, en);
