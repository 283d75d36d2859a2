/** What the server says to the operator alone. */
import type { Versioned } from "../portal/draft";
import type { OfficeState } from "../portal/today/types";

export interface ClientState {
  id: string;
  name: string;
  numbers: readonly string[];
  team: string | null;
  state: OfficeState;
  reason: string;
  switched: boolean;
  calls_today: number;
}

export interface ClientStates {
  clients: readonly ClientState[];
  next: string | null;
}

export interface User {
  id: string;
  name: string;
  role: "admin" | "supervisor" | "agent" | "client";
  agent: string | null;
  client: string | null;
  totp: boolean;
  disabled: boolean;
  email: string | null;
}

/** `acting_as`: in the place of this user. */
export interface HouseChange {
  id: number;
  at: string;
  actor: string;
  acting_as: string | null;
  client: string | null;
  what: string;
  about: string;
  before: Readonly<Record<string, unknown>> | null;
  after: Readonly<Record<string, unknown>> | null;
}

export interface HouseTrail {
  changes: readonly HouseChange[];
  next: number | null;
}

/** `clients`: who has it; `client`: for whom it is reserved, or who had it before. */
export interface StockNumber {
  number: string;
  country: string;
  kind: string;
  state: "free" | "reserved" | "with_client" | "ported" | "cooling";
  clients: readonly string[];
  client: string | null;
  order: string;
  until: string | null;
  note: string;
}

/** How a client is served; as in the book. */
export interface ClientSettings extends Versioned {
  name: string;
  language: string;
  timezone: string;
  greeting: string;
  briefing: string;
  team: string | null;
  skills: readonly string[];
  secrecy: boolean;
  priority: number;
  forms: readonly unknown[];
  note_wait: number;
}
