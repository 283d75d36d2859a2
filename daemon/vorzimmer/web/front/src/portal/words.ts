/** The words of the portal's frame, and those of the whole page; each of its pages has its own besides. */
import { de as pageDe } from "../i18n/de";
import { en as pageEn } from "../i18n/en";
import { dictionary, type Values } from "../i18n/language";
import { de as portalDe } from "./de";
import { en as portalEn } from "./en";

export const de = { ...pageDe, ...portalDe };
export const en = { ...pageEn, ...portalEn };

export type Word = keyof typeof de;

export const t = dictionary<Record<Word, string>>(de, en);

/** The words of one page, besides these. */
export function wordsOf<W extends Readonly<Record<string, string>>>(
  ownDe: W,
  ownEn: Readonly<Record<keyof W, string>>,
): (key: Word | (keyof W & string), values?: Values) => string {
  type All = Record<Word | (keyof W & string), string>;
  return dictionary<All>({ ...de, ...ownDe } as All, { ...en, ...ownEn } as All);
}
