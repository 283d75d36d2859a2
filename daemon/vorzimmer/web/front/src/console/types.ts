/** What the server tells of the agent, the call, the client and its forms. Times are ISO with an offset. */

export type State = "logged_out" | "available" | "paused" | "reserved" | "ringing" | "talking" | "wrap_up";

export interface PhoneSeen {
  endpoint: string;
  transport: "udp" | "tcp" | "tls" | "webrtc";
}

/** Whom the caller is to be put through to. */
export interface Transfer {
  to: string;
  attended: boolean;
  reached: boolean;
  by: string | null;
  three: boolean;
}

/** `mine`: the agent has the talk. `over`: it has ended, and wrap-up is about it. */
export interface CallSeen {
  id: string;
  client: string | null;
  direction: string;
  phase: string;
  arrived: string;
  since: string;
  mine: boolean;
  held: boolean;
  transfer: Transfer | null;
  recording: "none" | "on" | "paused";
  refused: string | null;
  over: boolean;
}

/** `reachable`: of the telephone at which the agent is logged in. `phone_page`: the page that is the telephone. */
export interface AgentView {
  at: string;
  timezone: string;
  agent: string;
  name: string;
  state: State;
  since: string;
  reason: string;
  then: "log_out" | "pause" | null;
  phone: string;
  reachable: boolean;
  phones: PhoneSeen[];
  phone_page: string | null;
  wrap_up: number;
  supervisor: boolean;
  waiting: number;
  calls_away: boolean;
  database_away: boolean;
  /** Ids of clients' answers that nobody has seen, the newest first. */
  answers: number[];
  call: CallSeen | null;
}

export interface Notice {
  id: string;
  text: string;
  until: string | null;
  by: string | null;
  /** It is heard; the text only says so. */
  spoken: boolean;
}

export interface NamedContact {
  id: string;
  name: string;
}

export interface Contact extends NamedContact {
  role: string | null;
  place: number;
  can_be_put_through: boolean;
  why_not: string | null;
  on_call: boolean;
}

export type FieldType =
  | "text"
  | "long_text"
  | "phone"
  | "email"
  | "date"
  | "time"
  | "number"
  | "choice"
  | "checkbox"
  | "contact";

export type Value = string | boolean;
export type Values = Readonly<Record<string, Value>>;

export interface FormField {
  id: string;
  label: string;
  type: FieldType;
  required: boolean;
  choices: string[];
  /** Characters. */
  max_length: number | null;
  /** A text, a tick, or the name of something that the call tells (`call.caller`). */
  default: Value | null;
}

export interface Form {
  id: string;
  kind: string;
  title: string;
  fields: FormField[];
}

export interface Opening {
  state: "open" | "closed" | "lunch" | "holiday" | "vacation";
  reason: string;
  hours_today: string[];
}

/** All that the agent sees of a call's client and caller while the telephone rings. */
export interface Pop {
  call: string;
  arrived: string;
  client: { id: string; name: string; language: string } | null;
  did: string;
  did_shown: string;
  caller: string | null;
  caller_shown: string | null;
  caller_name: string | null;
  withheld: boolean;
  treatment: string | null;
  rule_note: string | null;
  greeting: string;
  briefing: string;
  open: Opening | null;
  notices: Notice[];
  contacts: Contact[];
  rota: boolean;
  recording_allowed: boolean;
  forms: Form[];
}

export interface Note {
  id: string;
  call: string;
  client: string;
  form: Form;
  kind: string;
  values: Values;
  urgent: boolean;
  state: "draft" | "done";
  author: string;
  created_at: string;
  updated_at: string;
  done_at: string | null;
  told_at: string | null;
  version: number;
  /** Of its client, where the form asks for one. */
  contacts: NamedContact[];
}
