/** What is typed and not yet on the server, in this browser, by user and note: a dead browser or server loses nothing. */
import { me } from "../../session";
import type { Form, Values } from "../types";

/** `version` 0: the server does not know the note yet. */
export interface Kept {
  id: string;
  call: string;
  client: string;
  form: Form;
  values: Values;
  urgent: boolean;
  version: number;
  at: number;
}

const NAME = "vorzimmer.note.";
/** Longer than any weekend; after that nobody finishes it, and personal data must not lie about. */
const LONGEST_MS = 4 * 24 * 3600 * 1000;

function nameOf(id: string): string {
  return `${NAME}${me.peek()?.user ?? ""}.${id}`;
}

export function keep(note: Kept): void {
  try {
    localStorage.setItem(nameOf(note.id), JSON.stringify(note));
  } catch {
    // Full, or switched off: it is on the screen and goes to the server all the same.
  }
}

export function forget(id: string): void {
  localStorage.removeItem(nameOf(id));
}

/** This user's, oldest first. */
export function all(): Kept[] {
  const found: Kept[] = [];
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(NAME)) continue;
    const one = parse(localStorage.getItem(name));
    if (one === null || Date.now() - one.at > LONGEST_MS) localStorage.removeItem(name);
    else if (name === nameOf(one.id)) found.push(one);
  }
  return found.sort((one, other) => one.at - other.at);
}

export function forgetAll(): void {
  for (const one of all()) forget(one.id);
}

function parse(text: string | null): Kept | null {
  try {
    const one = JSON.parse(text ?? "null") as Kept | null;
    return one !== null && typeof one.id === "string" && typeof one.at === "number" ? one : null;
  } catch {
    return null;
  }
}
