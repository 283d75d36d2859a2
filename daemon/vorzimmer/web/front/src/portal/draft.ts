/**
 * Something of the client's that is edited as a whole and saved with its version. What was typed outlives leaving the
 * page and coming back; if somebody else has saved meanwhile, both are shown and the person says which one holds.
 */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ApiError, get, put } from "../api";
import { onSignOut } from "../session";
import { inWords, tell } from "../ui/said";
import { t } from "./words";

export interface Versioned {
  readonly version: number;
}

export interface Draft<T extends Versioned> {
  /** As it is being edited; null until it is loaded. */
  readonly value: Signal<T | null>;
  readonly stored: ReadonlySignal<T | null>;
  /** What somebody else has saved meanwhile. */
  readonly newer: ReadonlySignal<T | null>;
  readonly dirty: ReadonlySignal<boolean>;
  /** What the server said is wrong, by field; under "" the sentence as a whole. */
  readonly wrong: ReadonlySignal<Readonly<Record<string, string>>>;
  /** Why it could not be loaded; empty: it could. */
  readonly problem: ReadonlySignal<string>;
  load(): Promise<void>;
  change(by: Partial<T>): void;
  save(): Promise<boolean>;
  discard(): void;
  keepMine(): Promise<boolean>;
  takeNewer(): void;
}

const kept = new Map<string, Draft<Versioned>>();
onSignOut.push(() => kept.clear());

addEventListener("beforeunload", (event) => {
  if ([...kept.values()].some((draft) => draft.dirty.peek())) event.preventDefault();
});

/** The draft of what lies at `path`; `sent` says what of it the server is given. */
export function draftOf<T extends Versioned>(path: string, sent: (value: T) => object = (value) => value): Draft<T> {
  const found = kept.get(path) as Draft<T> | undefined;
  if (found !== undefined) return found;
  const made = begun(path, sent);
  kept.set(path, made as unknown as Draft<Versioned>);
  return made;
}

function begun<T extends Versioned>(path: string, sent: (value: T) => object): Draft<T> {
  const value = signal<T | null>(null);
  const stored = signal<T | null>(null);
  const newer = signal<T | null>(null);
  const wrong = signal<Readonly<Record<string, string>>>({});
  const problem = signal("");
  const same = (one: T | null, other: T | null) => written(one, sent) === written(other, sent);
  const dirty = computed(() => value.value !== null && !same(value.value, stored.value));

  const take = (found: T) => {
    [stored.value, value.value, newer.value, wrong.value] = [found, found, null, {}];
  };
  const look = async () => {
    const found = await get<T>(path);
    if (!dirty.peek()) take(found);
    else if (found.version !== stored.peek()?.version) newer.value = found;
  };
  const draft: Draft<T> = {
    value,
    stored,
    newer,
    dirty,
    wrong,
    problem,
    async load() {
      problem.value = "";
      try {
        await look();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        problem.value = inWords(error);
      }
    },
    change(by) {
      if (value.peek() !== null) value.value = { ...(value.peek() as T), ...by };
    },
    async save() {
      const mine = value.peek();
      if (mine === null) return false;
      try {
        const saved = await put<T>(path, sent(mine));
        // What was typed while it was being saved stays.
        if (value.peek() === mine) take(saved);
        else [stored.value, value.value] = [saved, { ...(value.peek() as T), version: saved.version }];
        tell(t("saved"));
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 409 && error.code === "newer") newer.value = await get<T>(path);
        else if (error.status === 422) wrong.value = { ...error.fields, "": error.message };
        else throw error;
        return false;
      }
    },
    discard() {
      const before = stored.peek();
      if (before !== null) take(newer.peek() ?? before);
    },
    keepMine() {
      const theirs = newer.peek();
      if (theirs === null || value.peek() === null) return Promise.resolve(false);
      stored.value = theirs;
      value.value = { ...(value.peek() as T), version: theirs.version };
      newer.value = null;
      return draft.save();
    },
    takeNewer() {
      const theirs = newer.peek();
      if (theirs !== null) take(theirs);
    },
  };
  return draft;
}

function written<T extends Versioned>(value: T | null, sent: (value: T) => object): string {
  return value === null ? "" : JSON.stringify({ ...sent(value), version: 0 });
}
