/** What the server says of the office now, and the notices of the day. */

export type OfficeState = "open" | "closed" | "lunch" | "holiday" | "vacation";

export interface Override {
  state: "open" | "closed";
  until: string | null;
}

export interface Person {
  id: string;
  name: string;
}

/** `today`: how many calls of the day ended how; `reachable`: to whom callers can be put through now. */
export interface Summary {
  id: string;
  name: string;
  language: string;
  timezone: string;
  version: number;
  at: string;
  state: OfficeState;
  reason: string;
  until: string | null;
  override: Override | null;
  today: Readonly<Record<string, number>>;
  reachable: readonly Person[];
  on_duty: readonly Person[];
}

export interface Notice {
  id: string;
  text: string;
  until: string;
  by: string;
  created_at: string;
  /** It is heard at its `audio`. */
  spoken: boolean;
}
