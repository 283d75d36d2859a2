/** What the statistics say. */
import { dictionary, language } from "../i18n/language";

const de = {
  by: "Nach",
  "by.client": "Auftraggeber",
  "by.agent": "Agent",
  "by.team": "Team",
  "by.hour": "Stunde",
  "by.weekday": "Wochentag",
  "by.day": "Tag",
  since: "Von",
  until: "Bis",
  target: "Ziel in Sekunden",
  short: "Kurze Aufleger unter",
  "days.wrong": "Bitte höchstens ein Jahr wählen, den ersten Tag zuerst.",
  calls: "Anrufe",
  "calls.table": "Anrufe als Tabelle",
  "staffing.table": "Tage der Woche",
  "margin.table": "Deckungsbeitrag je Auftraggeber",
  none: "In diesen Tagen kam kein Anruf.",
  offered: "Anrufe",
  answered: "angenommen",
  abandoned: "aufgelegt",
  at_once: "sofort",
  overflowed: "anderweitig",
  level: "Servicelevel",
  wait: "Ø Warten",
  p90: "90 % unter",
  max: "längste",
  talk: "Ø Gespräch",
  wrap_up: "Ø Nacharbeit",
  all: "Alle",
  formula: "Servicelevel: angenommen innerhalb von {n} s nach Eingang ÷ (angenommen + aufgelegt)",
  "formula.short": "ohne Aufleger unter {n} s („sofort“)",
  waits: "Wartezeiten in Sekunden, von angenommenen Anrufen",
  nobody: "niemand",
  "no.client": "unbekannte Nummer",
  "no.team": "jedes Team",
  agents: "Arbeit der Agenten",
  a_day: "je Tag",
  missed: "verpasst",
  talked: "Gespräch",
  hold: "Halten",
  wrapped: "Nacharbeit",
  logged_in: "angemeldet",
  paused: "Pause",
  occupancy: "Auslastung",
  "occupancy.formula": "Auslastung: (Gespräch + Halten + Nacharbeit) ÷ (angemeldet − Pause)",
  staffing: "Kommende Woche",
  level_wanted: "Servicelevel in %",
  within: "innerhalb von s",
  expected: "Erwartete Anrufe je halbe Stunde",
  needed: "Agenten: Fläche nach Erlang C, Linie nach Erlang A",
  "needed.c": "Agenten nach Erlang C",
  day: "Tag",
  busiest: "stärkste halbe Stunde",
  most: "Agenten dann",
  hours: "Agentenstunden",
  assumed: "Bearbeitung {handling} s je Anruf, {patience}; aus den letzten acht Wochen.",
  patience: "Geduld {n} s",
  patient: "bisher hat niemand aufgelegt",
  margin: "Deckungsbeitrag",
  month: "Monat",
  revenue: "Umsatz netto",
  agent_hours: "Agentenstunden",
  wages: "Lohn",
  lines: "Leitungen",
  left: "Deckungsbeitrag",
  share: "Anteil",
  open: "noch offen",
  "margin.formula": "Deckungsbeitrag: Umsatz netto − (Gespräch + Halten + Nacharbeit) × Stundenlohn − Leitungsminuten × Preis",
  "margin.none": "In diesem Monat gab es weder Anrufe noch Umsatz.",
  "margin.foreign": "Ohne Deckungsbeitrag, weil in anderer Währung: {names}",
};

const en: Record<keyof typeof de, string> = {
  by: "By",
  "by.client": "Client",
  "by.agent": "Agent",
  "by.team": "Team",
  "by.hour": "Hour",
  "by.weekday": "Weekday",
  "by.day": "Day",
  since: "From",
  until: "To",
  target: "Target in seconds",
  short: "Gave up at once: below",
  "days.wrong": "Please choose a year at most, the first day first.",
  calls: "Calls",
  "calls.table": "Calls as a table",
  "staffing.table": "Days of the week",
  "margin.table": "Margin by client",
  none: "No call came on these days.",
  offered: "calls",
  answered: "answered",
  abandoned: "abandoned",
  at_once: "at once",
  overflowed: "elsewhere",
  level: "service level",
  wait: "mean wait",
  p90: "90 % below",
  max: "longest",
  talk: "mean talk",
  wrap_up: "mean wrap-up",
  all: "All",
  formula: "Service level: answered within {n} s of arrival ÷ (answered + abandoned)",
  "formula.short": "without those who gave up within {n} s (“at once”)",
  waits: "waits in seconds, of answered calls",
  nobody: "nobody",
  "no.client": "unknown number",
  "no.team": "any team",
  agents: "Work of the agents",
  a_day: "a day",
  missed: "missed",
  talked: "talk",
  hold: "hold",
  wrapped: "wrap-up",
  logged_in: "logged in",
  paused: "pause",
  occupancy: "occupancy",
  "occupancy.formula": "Occupancy: (talk + hold + wrap-up) ÷ (logged in − pause)",
  staffing: "Coming week",
  level_wanted: "Service level in %",
  within: "within s",
  expected: "Expected calls in each half hour",
  needed: "Agents: area by Erlang C, line by Erlang A",
  "needed.c": "Agents by Erlang C",
  day: "day",
  busiest: "busiest half hour",
  most: "agents then",
  hours: "agent hours",
  assumed: "Handling {handling} s a call, {patience}; from the last eight weeks.",
  patience: "patience {n} s",
  patient: "nobody has given up so far",
  margin: "Margin",
  month: "Month",
  revenue: "revenue, net",
  agent_hours: "agent hours",
  wages: "wages",
  lines: "lines",
  left: "margin",
  share: "share",
  open: "still open",
  "margin.formula": "Margin: revenue, net − (talk + hold + wrap-up) × wage − line minutes × price",
  "margin.none": "There were neither calls nor revenue in this month.",
  "margin.foreign": "Without a margin, for it is another currency: {names}",
};

export const t = dictionary(de, en);

/** A number with so many digits behind its point, in the reader's way; a dash where there is none. */
export function number(value: number | null, digits = 0): string {
  if (value === null) return "–";
  return value.toLocaleString(language.value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(share: number | null): string {
  return share === null ? "–" : `${number(share, 1)} %`;
}

const SUNDAY = Date.UTC(2026, 0, 4);
const DAY_MS = 86_400_000;

/** A date beside a plot: Mo., 30.11. */
export function dayShort(date: string): string {
  const at = new Date(`${date}T12:00:00Z`);
  return at.toLocaleDateString(language.value, { weekday: "short", day: "numeric", month: "numeric", timeZone: "UTC" });
}

/** `1` to `7` in a word: Mo, Tu … */
export function weekday(key: string): string {
  const at = new Date(SUNDAY + Number(key) * DAY_MS);
  return at.toLocaleDateString(language.value, { weekday: "short", timeZone: "UTC" });
}
