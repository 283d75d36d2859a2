/** The house as the server told it last, and how old that is: nobody shall trust a wall that stands still. */
import { computed, signal } from "@preact/signals";
import { secondsSince, setTime, tick } from "../clock";
import { listen, type Connection } from "../events";
import { zone } from "../i18n/language";
import { listenWith } from "./token_stream";
import type { Wall } from "./types";

/** The server tells the wall at least each 10 s; what is older than this is old. */
const FRESH_SECONDS = 20;

export const wall = signal<Wall | null>(null);
const connection = signal<Connection>("connecting");

/** Seconds since the server told the wall. */
export const age = computed(() => (wall.value === null ? 0 : secondsSince(wall.value.at)));

/** Whether what is shown is no longer what is. */
export const stale = computed(
  () => wall.value !== null && (connection.value === "lost" || age.value > FRESH_SECONDS),
);

/** Whether callers and agents are not what is: by a lost line to us, or of ours to the telephone system. */
export const doubtful = computed(() => stale.value || wall.value?.calls_away === true);

/** Seconds that something of the living house has lasted. What is doubtful stands still: nobody knows of it now. */
export function lasting(at: string): number {
  const known = doubtful.value ? (wall.value?.living_at ?? wall.value?.at) : undefined;
  return secondsSince(at, known === undefined ? tick.value : Date.parse(known));
}

/** Hear of the house until the answer is called. `token`: of a screen that nobody signs in at. */
export function follow(token: string | null): () => void {
  const hearers = {
    wall: (told: unknown) => {
      const heard = told as Wall;
      setTime(heard.at);
      zone.value = heard.timezone;
      wall.value = heard;
    },
  };
  const stream = token === null ? listen("/wall/events", hearers) : listenWith(token, "/wall/events", hearers);
  const stop = stream.connection.subscribe((is) => (connection.value = is));
  return () => {
    stop();
    stream.close();
  };
}

/** 14:05:09 at the house, now. */
export function houseClock(): string {
  return clockSeconds(new Date(tick.value).toISOString());
}

/** 14:05:09 at the house. */
export function clockSeconds(at: string): string {
  return new Date(at).toLocaleTimeString("de-DE", { timeZone: zone.value });
}
