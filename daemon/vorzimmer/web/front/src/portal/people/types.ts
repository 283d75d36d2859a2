/** What the server says of contacts, of users and of what they have changed. */
import type { Versioned } from "../draft";
import type { WrittenWeek } from "../hours/types";

export interface Contact {
  id: string;
  name: string;
  role: string;
  email: string | null;
  numbers: readonly string[];
  seconds: number;
  hours: WrittenWeek | null;
  /** Why callers cannot be put through; empty: they can. */
  refused: string;
}

export interface Duty {
  contact: string;
  hours: WrittenWeek | null;
}

export interface Rota {
  duties: readonly Duty[];
  escalate: number;
}

export interface People extends Versioned {
  timezone: string;
  contacts: readonly Contact[];
  rota: Rota | null;
}

export interface OnCall {
  at: string;
  on_duty: readonly string[];
  escalate: number | null;
  reachable: readonly string[];
}

export interface PortalUser {
  id: string;
  name: string;
  email: string | null;
  language: string;
  invited: boolean;
  disabled: boolean;
  totp: boolean;
  yourself: boolean;
  created_at: string;
}

export interface Changed {
  id: number;
  at: string;
  by: string;
  what: string;
  text: string;
  about: string;
  before: Readonly<Record<string, unknown>> | null;
  after: Readonly<Record<string, unknown>> | null;
}

export interface Trail {
  changes: readonly Changed[];
  next: number | null;
}

/** `code`: the client's number on telephones; `number`: the one to call, null where the house has none. */
export interface PinState {
  code: string;
  number: string | null;
  number_shown: string | null;
  set_at: string | null;
}
