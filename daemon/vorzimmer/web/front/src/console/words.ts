/** The words of the agent's desk, and those of the whole page. */
import { de as pageDe } from "../i18n/de";
import { en as pageEn } from "../i18n/en";
import { dictionary } from "../i18n/language";
import { de as deskDe } from "./de";
import { en as deskEn } from "./en";

const de = { ...pageDe, ...deskDe };
const en = { ...pageEn, ...deskEn };

export type Word = keyof typeof de;

export const t = dictionary<Record<Word, string>>(de, en);

/** The word of this name, or what stands for it where there is none: for reasons and results that people write. */
export function wordOr(name: string, otherwise: string): string {
  return Object.hasOwn(de, name) ? t(name as Word) : otherwise;
}
