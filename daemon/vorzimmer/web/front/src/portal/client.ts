/** Whose portal this is: the client, what is true of it now, and the way to its part of the API. */
import { computed, signal } from "@preact/signals";
import { get } from "../api";
import { setTime } from "../clock";
import { zone } from "../i18n/language";
import type { Summary } from "./today/types";

/** The client's id; empty while none is chosen. */
export const client = signal("");

/** What the server said last of the client's day. */
export const summary = signal<Summary | null>(null);

export const name = computed(() => summary.value?.name ?? client.value);

const AGAIN_MS = 60_000;

/** The way to something of the client's, below /api. */
export function at(path = ""): string {
  return `/clients/${encodeURIComponent(client.value)}${path}`;
}

export async function reload(): Promise<void> {
  const asked = client.peek();
  const found = await get<Summary>(`/clients/${encodeURIComponent(asked)}`);
  if (asked === client.peek()) take(found);
}

export function take(found: Summary): void {
  setTime(found.at);
  zone.value = found.timezone;
  summary.value = found;
}

/** Begin with this client, and look each minute what is true of it now; the answer ends that. */
export function enter(chosen: string, onProblem: (error: unknown) => void): () => void {
  client.value = chosen;
  summary.value = null;
  const look = () => {
    if (!document.hidden) reload().catch(onProblem);
  };
  look();
  const timer = setInterval(look, AGAIN_MS);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
