/** Days and times as a client reads and types them: in the client's own time zone. */
import { now } from "../clock";
import { clockTime, day, isoDay, language, zone } from "../i18n/language";

const LOCALES = { de: "de-DE", en: "en-GB" } as const;

export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function today(): string {
  return isoDay(iso(now()));
}

/** The day so many days after this one (2026-11-22). */
export function dayAfter(date: string, days: number): string {
  const noon = Date.parse(`${date}T12:00:00Z`) + days * 86_400_000;
  return iso(noon).slice(0, 10);
}

/** Sunday, 22 November; the year where it is another one. */
export function dayInWords(date: string): string {
  const same = date.slice(0, 4) === today().slice(0, 4);
  return new Date(`${date}T12:00:00Z`).toLocaleDateString(LOCALES[language.value], {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(same ? {} : { year: "numeric" }),
    timeZone: "UTC",
  });
}

/** 22 Nov 2026 */
export function shortDate(date: string): string {
  return new Date(`${date}T12:00:00Z`).toLocaleDateString(LOCALES[language.value], {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** The time of day, with the day where it is not today. */
export function moment(at: string): string {
  return isoDay(at) === today() ? clockTime(at) : `${day(at)}, ${clockTime(at)}`;
}

/** Day and time of day, always both. */
export function dayAndTime(at: string): string {
  return `${shortDate(isoDay(at))}, ${clockTime(at)}`;
}

/** The instant at which the client's clocks show this, as the server is told it; nothing while a part is not typed. */
export function instant(date: string, time: string): string | null {
  const there = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(there)) return null;
  const shown = Date.parse(`${isoDay(iso(there))}T${wallClock(there)}Z`);
  return iso(there - (shown - there));
}

/** 14:05, whatever the language. */
export function wallClock(at: number): string {
  return new Date(at).toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: zone.value });
}
