/**
 * The notes in hand, and the call whose notes are on the screen: the present one, and after it that one still, until the
 * agent has finished with it or the next telephone rings.
 */
import { computed, signal } from "@preact/signals";
import { get } from "../../api";
import { clockTime, isoDay } from "../../i18n/language";
import { onSignOut } from "../../session";
import { tellProblem } from "../../ui/said";
import { pop } from "../desk";
import { newId } from "../page_id";
import type { Form, Note, Pop, Value, Values } from "../types";
import { Draft } from "./draft";
import * as kept from "./kept";

/** A call and what is needed to note something about it. `pop`: of the one that is, or was until now, the present one. */
export interface Subject {
  call: string;
  client: { id: string; name: string };
  forms: readonly Form[];
  arrived: string;
  pop: Pop | null;
}

export const subject = signal<Subject | null>(null);
export const current = signal<Draft | null>(null);
/** Counts up whenever lists of notes elsewhere on the page are out of date. */
export const changed = signal(0);

let chosen = false;

/** Whether the agent has just asked for this note, and so begins to type; one that comes with a call waits for its answer. */
export function wasChosen(): boolean {
  const was = chosen;
  chosen = false;
  return was;
}

const hands = signal<ReadonlyMap<string, Draft>>(new Map());

/** Of the call that is shown, in the order in which they were begun; not the empty one. */
export const ofSubject = computed(() =>
  [...hands.value.values()].filter((draft) => draft.call === subject.value?.call && draft.saving.value !== "blank"),
);

/** Whether the call that is shown is over and waits only for its notes. */
export const isLeftOver = computed(() => subject.value !== null && pop.value?.call !== subject.value.call);

export function follow(): () => void {
  for (const one of kept.all()) take(Draft.back(one));
  let before: Pop | null = null;
  const following = pop.subscribe((came) => {
    if (came !== null) turnTo(came);
    else if (before !== null) leave();
    before = came;
  });
  const hide = () => document.visibilityState === "hidden" && flushAll(true);
  const look = () => void reload();
  addEventListener("pagehide", hide);
  document.addEventListener("visibilitychange", hide);
  addEventListener("focus", look);
  onSignOut.push(kept.forgetAll);
  return () => {
    following();
    removeEventListener("pagehide", hide);
    document.removeEventListener("visibilitychange", hide);
    removeEventListener("focus", look);
  };
}

/** Everything typed so far goes to the server now; true if all of it got there. */
export async function flushAll(keepalive = false): Promise<boolean> {
  const dirty = [...hands.peek().values()].filter((draft) => draft.dirty);
  const done = await Promise.all(dirty.map((draft) => draft.flush(keepalive)));
  return done.every(Boolean);
}

/** The agent wants to see this call and its notes. `note`: the one to begin with. */
export function pick(picked: Subject, note?: Note): void {
  chosen = true;
  show(picked, note);
}

function show(shown: Subject, note?: Note): void {
  subject.value = shown;
  current.value = null;
  if (note !== undefined) current.value = know(note);
  void reload().then(() => {
    if (subject.peek()?.call === shown.call && current.peek() === null) chooseFirst();
  });
  // At once, so that the agent can type before the server has said whether there are notes already.
  if (current.peek() === null && ofSubject.peek().length === 0) startNote(shown.forms[0]);
}

export function putAside(): void {
  void flushAll();
  subject.value = null;
  current.value = null;
  changed.value++;
}

/** The agent wants a new note. */
export function begin(form: Form | undefined): void {
  chosen = true;
  startNote(form);
}

function startNote(form: Form | undefined): void {
  const about = subject.peek();
  if (about === null || form === undefined) return;
  const draft = Draft.blank(newId(), about.call, about.client.id, form, defaults(form, about));
  take(draft);
  current.value = draft;
}

export function choose(draft: Draft): void {
  chosen = true;
  void current.peek()?.flush();
  current.value = draft;
}

export async function finish(draft: Draft): Promise<boolean> {
  const done = await draft.finish();
  changed.value++;
  if (done && isLeftOver.peek() && !hasOpen()) putAside();
  return done;
}

export async function drop(draft: Draft): Promise<void> {
  await draft.delete();
  const left = new Map(hands.peek());
  left.delete(draft.id);
  hands.value = left;
  changed.value++;
  if (current.peek() === draft) {
    current.value = null;
    chooseFirst();
  }
}

function turnTo(came: Pop): void {
  const shown = subject.peek();
  if (came.client === null) {
    if (shown !== null) putAside();
    return;
  }
  const { call, client, forms, arrived } = came;
  const about: Subject = { call, client, forms, arrived, pop: came };
  if (shown?.call === came.call) subject.value = about;
  else {
    void flushAll();
    show(about);
  }
}

/** The call is nobody's here any more. Unfinished notes stay in front of the agent. */
function leave(): void {
  if (subject.peek() === null) return;
  if (!hasOpen()) putAside();
}

function hasOpen(): boolean {
  return ofSubject.peek().some((draft) => draft.state.peek() === "draft");
}

function take(draft: Draft): void {
  draft.onSaved(() => changed.value++);
  hands.value = new Map(hands.peek()).set(draft.id, draft);
}

function know(note: Note): Draft | null {
  const mine = hands.peek().get(note.id);
  if (mine !== undefined) {
    mine.follow(note);
    return mine;
  }
  const draft = Draft.of(note, note.form);
  take(draft);
  return draft;
}

/** Notes of this call that were written on another page, or before this one was loaded. */
async function reload(): Promise<void> {
  const about = subject.peek();
  if (about === null) return;
  try {
    const notes = await get<Note[]>(`/calls/${encodeURIComponent(about.call)}/notes`);
    if (subject.peek()?.call !== about.call) return;
    for (const note of notes) know(note);
    if (current.peek()?.saving.peek() === "blank") chooseFirst();
  } catch (error) {
    if (!(error instanceof Error && "passing" in error && error.passing === true)) tellProblem(error);
  }
}

function chooseFirst(): void {
  const about = subject.peek();
  if (about === null) return;
  const found = ofSubject.peek();
  const open = found.filter((draft) => draft.state.peek() === "draft").at(-1) ?? found.at(-1);
  if (open !== undefined) current.value = open;
  else if (current.peek() === null) startNote(about.forms[0]);
}

function defaults(form: Form, about: Subject): Values {
  const values: Record<string, Value> = {};
  for (const field of form.fields) {
    const value = typeof field.default === "string" ? fromCall(field.default, about) : field.default;
    if (value !== null) values[field.id] = value;
  }
  return values;
}

/** As the server fills it in for a note that begins without values. */
function fromCall(name: string, { pop: told, arrived }: Subject): Value | null {
  switch (name) {
    case "call.caller":
      return told?.caller ?? null;
    case "call.caller_name":
      return told?.caller_name ?? null;
    case "call.did":
      return told?.did ?? null;
    case "call.date":
      return isoDay(arrived);
    case "call.time":
      return clockTime(arrived);
    default:
      return name;
  }
}
