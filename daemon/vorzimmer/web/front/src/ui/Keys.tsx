/** A shortcut as it is printed on a keyboard of the page's language. */
import { language } from "../i18n/language";

const GERMAN: Readonly<Record<string, string>> = { Ctrl: "Strg", Shift: "Umschalt" };
const SHORT: Readonly<Record<string, string>> = { Shift: "⇧" };

export function Keys({ keys, full = false }: { keys: string; full?: boolean }) {
  const name = (key: string) => (full ? undefined : SHORT[key]) ?? (language.value === "de" ? GERMAN[key] : undefined) ?? key;
  return (
    <span class="keys" aria-hidden={full ? undefined : true}>
      {keys.split("+").map((key) => (
        <kbd key={key}>{name(key)}</kbd>
      ))}
    </span>
  );
}
