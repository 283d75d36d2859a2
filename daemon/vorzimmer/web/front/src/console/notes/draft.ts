/**
 * A note in hand. Each change is kept in the browser at once and sent to the server a moment later; what the server has not
 * confirmed is sent again until it has. A note that was changed elsewhere meanwhile waits for the agent to say which one holds.
 */
import { signal } from "@preact/signals";
import { ApiError, post, put, remove } from "../../api";
import { counted } from "../../i18n/language";
import { tellProblem } from "../../ui/said";
import type { Form, NamedContact, Note, Value, Values } from "../types";
import { t } from "../words";
import { forget, keep, type Kept } from "./kept";

const PAUSE_MS = 400;
const RETRY_MS = [1000, 2000, 4000, 8000];

/** `newer`: another page has changed it. `refused`: the server does not take these values. `gone`: deleted elsewhere. */
export type Saving = "blank" | "saved" | "saving" | "unsaved" | "refused" | "newer" | "gone";

export class Draft {
  readonly values = signal<Values>({});
  readonly urgent = signal(false);
  readonly client = signal("");
  readonly state = signal<"draft" | "done">("draft");
  readonly saving = signal<Saving>("blank");
  /** What is wrong with each field. */
  readonly wrong = signal<Readonly<Record<string, string>>>({});
  /** What the server has, where that is newer than what this page began with. */
  readonly newer = signal<Note | null>(null);
  readonly doneAt = signal<string | null>(null);
  readonly toldAt = signal<string | null>(null);
  /** Of the note's client; null: the server has not told them. */
  readonly contacts = signal<readonly NamedContact[] | null>(null);

  private version = 0;
  private changes = 0;
  private sent = 0;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | null = null;
  private told: (() => void) | null = null;

  private constructor(
    readonly id: string,
    readonly call: string,
    readonly form: Form,
  ) {}

  /** An empty one: it begins to exist when somebody types into it. */
  static blank(id: string, call: string, client: string, form: Form, values: Values): Draft {
    const draft = new Draft(id, call, form);
    draft.client.value = client;
    draft.values.value = values;
    return draft;
  }

  /** One that the server has. */
  static of(note: Note, form: Form): Draft {
    const draft = new Draft(note.id, note.call, form);
    draft.take(note);
    return draft;
  }

  /** One that was typed in this browser and did not reach the server. */
  static back(kept: Kept): Draft {
    const draft = Draft.blank(kept.id, kept.call, kept.client, kept.form, kept.values);
    draft.urgent.value = kept.urgent;
    draft.version = kept.version;
    draft.touch(0);
    return draft;
  }

  get dirty(): boolean {
    return this.changes > this.sent;
  }

  get known(): boolean {
    return this.version > 0;
  }

  get title(): string {
    return this.form.title;
  }

  onSaved(told: () => void): void {
    this.told = told;
  }

  set(field: string, value: Value): void {
    this.values.value = { ...this.values.peek(), [field]: value };
    if (field in this.wrong.peek()) {
      const { [field]: _, ...others } = this.wrong.peek();
      this.wrong.value = others;
    }
    this.touch(PAUSE_MS);
  }

  setUrgent(urgent: boolean): void {
    this.urgent.value = urgent;
    this.touch(0);
  }

  /** The server's note is this one now, unless something was typed meanwhile. */
  follow(note: Note): void {
    if (this.dirty || note.version < this.version) return;
    if (note.version > this.version) this.take(note);
    else this.toldAt.value = note.told_at; // is no new version
  }

  /** Send now what is not sent; true if the server has everything then. */
  async flush(keepalive = false): Promise<boolean> {
    clearTimeout(this.timer);
    if (this.newer.peek() !== null) return false;
    this.sending ??= this.send(keepalive).finally(() => (this.sending = null));
    await this.sending;
    return !this.dirty;
  }

  /** Finish it; false if something is missing or it is not on the server, which the note then shows. */
  async finish(): Promise<boolean> {
    if (!this.dirty && !this.known) this.changes++;
    if (!(await this.flush())) return false;
    try {
      this.take(await post<Note>(`/notes/${this.id}/finish`, { version: this.version }));
      forget(this.id);
      return true;
    } catch (error) {
      if (!this.refusedBy(error)) throw error;
      return false;
    }
  }

  async reopen(): Promise<void> {
    this.take(await post<Note>(`/notes/${this.id}/reopen`));
  }

  async moveTo(client: string, reason: string): Promise<void> {
    await this.flush();
    this.take(await post<Note>(`/notes/${this.id}/client`, { client, reason }));
  }

  async delete(): Promise<void> {
    clearTimeout(this.timer);
    await this.sending;
    if (this.known) await remove(`/notes/${this.id}`);
    this.sent = this.changes;
    forget(this.id);
  }

  /** The agent has decided between two versions. */
  takeStored(): void {
    const stored = this.newer.peek();
    if (stored === null) return;
    this.newer.value = null;
    this.sent = this.changes;
    this.take(stored);
    forget(this.id);
  }

  async keepMine(): Promise<void> {
    const stored = this.newer.peek();
    if (stored === null) return;
    const open = stored.state === "draft" ? stored : await post<Note>(`/notes/${this.id}/reopen`);
    this.newer.value = null;
    this.version = open.version;
    this.state.value = open.state;
    this.touch(0);
  }

  private touch(wait: number): void {
    this.changes++;
    this.showSaving();
    this.store();
    this.later(wait);
  }

  /** Not by turns with every try: a line that grows and shrinks moves what the agent is about to click. */
  private showSaving(): void {
    this.saving.value = this.tries === 0 ? "saving" : "unsaved";
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), wait);
  }

  private store(): void {
    const { id, call, form, version } = this;
    const [client, values, urgent] = [this.client.peek(), this.values.peek(), this.urgent.peek()];
    keep({ id, call, form, version, client, values, urgent, at: Date.now() });
  }

  private take(note: Note): void {
    this.values.value = note.values;
    this.urgent.value = note.urgent;
    this.client.value = note.client;
    this.state.value = note.state;
    this.doneAt.value = note.done_at;
    this.toldAt.value = note.told_at;
    this.wrong.value = {};
    this.saving.value = "saved";
    this.learn(note);
  }

  /** What the server knows better, whatever is typed meanwhile. */
  private learn(note: Note): void {
    this.version = note.version;
    this.contacts.value = note.contacts.length > 0 ? note.contacts : null;
  }

  private async send(keepalive: boolean): Promise<void> {
    while (this.dirty) {
      if (!this.fits()) return;
      const sending = this.changes;
      this.showSaving();
      try {
        this.learn(await this.sendOnce(keepalive));
        this.tries = 0;
        this.sent = sending;
        if (!this.dirty) this.confirmed();
        else this.store();
      } catch (error) {
        this.failed(error);
        return;
      }
    }
  }

  private async sendOnce(keepalive: boolean): Promise<Note> {
    const what = { values: this.values.peek(), urgent: this.urgent.peek() };
    const wishes = { patient: true, keepalive };
    if (!this.known) {
      const path = `/calls/${encodeURIComponent(this.call)}/notes`;
      return post<Note>(path, { id: this.id, form: this.form.id, ...what }, wishes);
    }
    return put<Note>(`/notes/${this.id}`, { ...what, version: this.version }, wishes);
  }

  /** Whether every field takes what is in it; what is too long is said, and stays as it is. */
  private fits(): boolean {
    const wrong = tooLong(this.form, this.values.peek());
    if (Object.keys(wrong).length === 0) return true;
    this.wrong.value = { ...this.wrong.peek(), ...wrong };
    this.saving.value = "refused";
    return false;
  }

  private confirmed(): void {
    this.saving.value = "saved";
    forget(this.id);
    this.told?.();
  }

  private failed(error: unknown): void {
    if (this.refusedBy(error)) return;
    this.saving.value = "unsaved";
    this.later(RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)] ?? PAUSE_MS);
  }

  /** Show why the server does not take it; false: it may take it later. */
  private refusedBy(error: unknown): boolean {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "newer") {
      this.newer.value = error.more["note"] as Note;
      this.saving.value = "newer";
    } else if (error.status === 422 || error.status === 413) {
      this.wrong.value = error.fields;
      this.saving.value = this.dirty ? "refused" : "saved";
      if (Object.keys(error.fields).length === 0) tellProblem(error);
    } else if (error.status === 404) {
      this.saving.value = "gone";
      if (this.known) forget(this.id);
    } else if (error.passing || error.status === 401) {
      return false;
    } else {
      this.saving.value = "refused";
      tellProblem(error);
    }
    return true;
  }
}

/** The fields that hold more characters than they take. */
function tooLong(form: Form, values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  for (const { id, max_length: most } of form.fields) {
    const value = values[id];
    if (most === null || typeof value !== "string" || value.length <= most) continue;
    const length = [...value].length; // as the server counts, to which an emoji is one character
    if (length > most) wrong[id] = t("notes.too_long", { n: counted(length), most: counted(most) });
  }
  return wrong;
}
