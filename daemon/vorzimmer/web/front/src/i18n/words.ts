/** The words of the page itself; its larger parts have dictionaries of their own. */
import { de } from "./de";
import { en } from "./en";
import { dictionary } from "./language";

export const t = dictionary<Record<keyof typeof de, string>>(de, en);
