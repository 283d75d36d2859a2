/** Today's calls of this agent, and the way from one of them to its notes. */
import { effect, signal } from "@preact/signals";
import { get } from "../api";
import { newAnswers } from "./replied";
import { clientName } from "./clients";
import { stage } from "./desk";
import { changed, pick } from "./notes/notes";
import type { Form, Note } from "./types";

/** `talked`: seconds. `notes`: finished ones; `drafts`: those that are not. `replies`: the client's. `done`: so it says. */
export interface CallLine {
  call: string;
  client: string | null;
  client_name: string | null;
  at: string;
  talked: number;
  caller_shown: string | null;
  caller_name: string | null;
  withheld: boolean;
  result: string | null;
  notes: number;
  drafts: number;
  replies: number;
  done: boolean;
}

export const callsToday = signal<readonly CallLine[]>([]);
/** Notes that were begun and not finished, of earlier days too; the oldest first. */
export const unfinished = signal<readonly Note[]>([]);

const LOOK_MS = 60_000;

/** Keep the list up: between calls, whenever a note has changed or a client has answered, and each minute (the record of a call comes after it). */
export function begin(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const following = effect(() => {
    void changed.value;
    void newAnswers.value;
    if (stage.value !== "idle") return;
    clearTimeout(soon);
    soon = setTimeout(() => void load(), 300);
  });
  const looking = setInterval(() => stage.peek() === "idle" && void load(), LOOK_MS);
  return () => {
    following();
    clearTimeout(soon);
    clearInterval(looking);
  };
}

async function load(): Promise<void> {
  try {
    const [today, drafts] = await Promise.all([
      get<{ calls: CallLine[] }>("/agent/calls"),
      get<Note[]>("/notes?state=draft"),
    ]);
    callsToday.value = today.calls;
    unfinished.value = drafts.reverse();
  } catch {
    // The list stays as it was; the line at the bottom says what is away.
  }
}

/** Show the notes of a call. */
export async function open(line: CallLine): Promise<void> {
  if (line.client !== null) await openCall(line.call, line.client, line.at);
}

/** Go on with a note. */
export async function goOn(note: Note): Promise<void> {
  await openCall(note.call, note.client, note.created_at, note);
}

/** Show the notes of a call that arrived then, one of them open. */
export async function openCall(call: string, client: string, arrived: string, note?: Note): Promise<void> {
  const forms = await get<Form[]>(`/clients/${encodeURIComponent(client)}/forms`);
  pick({ call, client: { id: client, name: clientName(client) }, forms, arrived, pop: null }, note);
}
