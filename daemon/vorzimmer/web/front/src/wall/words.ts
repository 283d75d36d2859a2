/** The words of the wall, and those of the whole page. */
import { de as pageDe } from "../i18n/de";
import { en as pageEn } from "../i18n/en";
import { dictionary } from "../i18n/language";
import { de as wallDe } from "./de";
import { en as wallEn } from "./en";

const de = { ...pageDe, ...wallDe };
const en = { ...pageEn, ...wallEn };

export type Word = keyof typeof de;

export const t = dictionary<Record<Word, string>>(de, en);

/** The word of this name, or what stands for it where there is none: for reasons that people write. */
export function wordOr(name: string, otherwise: string): string {
  return Object.hasOwn(de, name) ? t(name as Word) : otherwise;
}
