/** A week's hours: as the server writes them ("mon-fri": ["08:00-18:00"]), and as seven days to be edited. */
import type { WrittenWeek } from "./types";

/** An interval as two times of day; an end not after the start is on the next day. A time may not be typed yet. */
export interface Interval {
  readonly from: string;
  readonly to: string;
}

export type Day = readonly Interval[];
export type Week = readonly Day[];

export const KEYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const MIDNIGHT = "00:00";

export function readDay(written: readonly string[]): Day {
  return written.map((interval) => {
    const [from = "", to = ""] = interval.split("-").map((time) => time.trim());
    return { from: padded(from), to: to === "24:00" ? MIDNIGHT : padded(to) };
  });
}

export function writeDay(day: Day): string[] {
  return day.map(({ from, to }) => `${from}-${to}`);
}

export function readWeek(written: WrittenWeek): Week {
  if (written === "always") return KEYS.map(() => [{ from: MIDNIGHT, to: MIDNIGHT }]);
  const days: Day[] = KEYS.map(() => []);
  for (const [names, hours] of Object.entries(written)) {
    for (const n of daysOf(names)) days[n] = readDay(hours);
  }
  return days;
}

/** Day by day; one that is closed is left out. */
export function writeWeek(week: Week): WrittenWeek {
  return Object.fromEntries(week.flatMap((day, n) => (day.length > 0 ? [[KEYS[n], writeDay(day)]] : [])));
}

function daysOf(names: string): number[] {
  return names.split(",").flatMap((part) => {
    const [first = "", last = first] = part.trim().split("-");
    if (first === "daily") return KEYS.map((_, n) => n);
    const [from, to] = [indexOf(first), indexOf(last)];
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, n) => (from + n) % 7);
  });
}

function indexOf(name: string): number {
  return Math.max(0, (KEYS as readonly string[]).indexOf(name.trim()));
}

function padded(time: string): string {
  return time.length === 4 ? `0${time}` : time;
}

export function complete(day: Day): boolean {
  return day.every(({ from, to }) => from !== "" && to !== "");
}

/** Whether it ends on the next day. */
export function overnight({ from, to }: Interval): boolean {
  return from !== "" && to !== "" && to <= from && to !== MIDNIGHT;
}

export function wholeDay({ from, to }: Interval): boolean {
  return from === MIDNIGHT && to === MIDNIGHT;
}
