/** In which language the page speaks. Each part has its own dictionaries; both languages must have every key. */
import { signal } from "@preact/signals";

export type Language = "de" | "en";
export type Values = Readonly<Record<string, string | number>>;

const KEPT = "vorzimmer.language";

export const language = signal<Language>(first());
document.documentElement.lang = language.value;

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "de" || kept === "en") return kept;
  return navigator.language.startsWith("de") ? "de" : "en";
}

/** Speak this language from now on, and after the next start of this browser. */
export function speak(chosen: string): void {
  if (chosen !== "de" && chosen !== "en") return;
  language.value = chosen;
  localStorage.setItem(KEPT, chosen);
  document.documentElement.lang = chosen;
}

/** A translator: `t("waiting", { n: 3 })` puts 3 where the sentence has `{n}`. */
export function dictionary<W extends Readonly<Record<string, string>>>(
  de: W,
  en: Readonly<Record<keyof W, string>>,
): (key: keyof W, values?: Values) => string {
  return (key, values = {}) => {
    const sentence: string = (language.value === "de" ? de : en)[key];
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
}

const LOCALES = { de: "de-DE", en: "en-GB" } as const;

/** In which times of day are shown, wherever the browser is: the house's, once somebody is in; at a client's pages its own. */
export const zone = signal<string | undefined>(undefined);

/** 20.000 or 20,000 */
export function counted(count: number): string {
  return count.toLocaleString(LOCALES[language.value]);
}

/** 14:05 */
export function clockTime(at: string): string {
  return show(at, { hour: "2-digit", minute: "2-digit" });
}

/** 22. Nov. or 22 Nov */
export function day(at: string): string {
  return show(at, { day: "numeric", month: "short" });
}

/** 2026-11-22 */
export function isoDay(at: string): string {
  return new Date(at).toLocaleDateString("sv-SE", { timeZone: zone.value });
}

function show(at: string, how: Intl.DateTimeFormatOptions): string {
  return new Date(at).toLocaleString(LOCALES[language.value], { ...how, timeZone: zone.value });
}
