/** Amounts and texts of the price list, as they are read in the page's language. */
import { language } from "../../i18n/language";
import type { Text } from "./types";

const LOCALES = { de: "de-DE", en: "en-GB" } as const;

export function money(amount: string | number, currency: string): string {
  return Number(amount).toLocaleString(LOCALES[language.value], { style: "currency", currency });
}

export function inTongue(text: Text): string {
  return text[language.value];
}
