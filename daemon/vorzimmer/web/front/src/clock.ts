/**
 * The server's time, whatever the browser's clock says: each answer with an `at` is compared with the browser's
 * monotonic counter, and every duration on the page is counted from that.
 */
import { signal } from "@preact/signals";

const TRUSTED_MS = 2000;

let offset = Date.now() - performance.now();
let synchronised = false;

/** Milliseconds since 1970 by the server's clock, renewed each second: what reads it is drawn anew. */
export const tick = signal(now());

/** An answer of the server has just arrived that was written at `at`. */
export function setTime(at: string): void {
  const heard = Date.parse(at) - performance.now();
  if (Number.isNaN(heard)) return;
  // The way only makes an answer older, so the largest difference is the truest; a jump is a clock put right, or a
  // computer that slept (its counter may stand still meanwhile).
  if (!synchronised || Math.abs(heard - offset) > TRUSTED_MS) offset = heard;
  else offset = Math.max(offset, heard);
  synchronised = true;
  tick.value = now();
}

/** Milliseconds since 1970 by the server's clock. */
export function now(): number {
  return performance.now() + offset;
}

/** Whole seconds since that instant, never negative. */
export function secondsSince(at: string, from: number = tick.value): number {
  return Math.max(0, Math.floor((from - Date.parse(at)) / 1000));
}

/** 0:07, 12:30, 1:02:03. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

setInterval(() => {
  tick.value = now();
}, 1000);
