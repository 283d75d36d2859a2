/** When a figure is good, tight or critical; always told by colour, shape and word together. */
import type { Wall } from "./types";

export type Grade = "good" | "tight" | "bad";

export const SHAPES: Readonly<Record<Grade, string>> = { good: "●", tight: "▲", bad: "■" };

const LEVEL_GOOD = 80;
const LEVEL_TIGHT = 60;
const LONG = 3; // targets

/** Of a wait: beyond the target it is tight, beyond three times the target critical. */
export function ofWait(seconds: number, target: number): Grade {
  if (seconds <= target) return "good";
  return seconds <= LONG * target ? "tight" : "bad";
}

/** Of the longest wait, and of whoever waits. */
export function ofWaiting(wall: Wall, longest: number | null): Grade {
  return longest === null ? "good" : ofWait(longest, targetOf(wall));
}

/** Nobody free is tight; nobody free while somebody waits is critical. */
export function ofFree(free: number, waiting: number): Grade {
  if (free > 0) return "good";
  return waiting > 0 ? "bad" : "tight";
}

export function ofLevel(percent: number | null): Grade | null {
  if (percent === null) return null;
  if (percent >= LEVEL_GOOD) return "good";
  return percent >= LEVEL_TIGHT ? "tight" : "bad";
}

export function targetOf(wall: Wall): number {
  return wall.service_level?.target ?? 20;
}
