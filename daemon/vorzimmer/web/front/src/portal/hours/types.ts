/** What the server says of the hours. */
import type { Versioned } from "../draft";
import type { OfficeState } from "../today/types";

/** "always", or the intervals of days: {"mon-fri": ["08:00-12:00", "13:00-18:00"]}. */
export type WrittenWeek = "always" | Readonly<Record<string, readonly string[]>>;

export interface SpecialDay {
  date: string;
  name: string;
  hours: readonly string[];
}

export interface Vacation {
  first: string;
  last: string;
  name: string;
}

export interface HoursTold extends Versioned {
  timezone: string;
  hours: WrittenWeek;
  lunch: readonly string[];
  special_days: readonly SpecialDay[];
  vacations: readonly Vacation[];
  holidays: string | null;
  next_holidays: readonly { date: string; name: string }[];
  numbers_apart: readonly string[];
}

export interface PreviewStep {
  kind: string;
  text: string;
  reason: string;
}

export interface PreviewTold {
  at: string;
  did: string;
  state: OfficeState | null;
  reason: string;
  steps: readonly PreviewStep[];
  left_out: readonly string[];
}
