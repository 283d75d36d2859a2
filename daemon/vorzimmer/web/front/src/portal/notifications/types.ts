/** What the server says of what a client is told, and of what was sent. */
import type { Versioned } from "../draft";
import type { WrittenWeek } from "../hours/types";

export const CHANNELS = ["email", "sms", "fax", "webhook"] as const;
export type Channel = (typeof CHANNELS)[number];

export const RULE_KINDS = ["answered", "noted", "urgent", "put_through", "message", "missed", "callback", "announced", "blocked"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

export const FACTS = ["caller", "time", "note", "message", "did", "office", "waited", "talked", "forwarded_to", "duration"] as const;
export type Fact = (typeof FACTS)[number];

export const RECORDINGS = ["attached", "linked", "none"] as const;

export interface Template {
  subject: string;
  body: string;
}

/** `to`: addresses, `contact:ID`, or `on-call`. None of `of`, `facts`: all; `quiet`, `language`, `template` null: none. */
export interface Rule {
  id: string;
  channel: Channel;
  to: readonly string[];
  of: readonly RuleKind[];
  digest: readonly string[];
  quiet: WrittenWeek | null;
  language: string | null;
  facts: readonly Fact[];
  numbers: "whole" | "shortened";
  recording: (typeof RECORDINGS)[number];
  template: Template | null;
}

/** `channels`: what the house offers. */
export interface Notifications extends Versioned {
  to: readonly string[];
  of: readonly string[];
  rules: readonly Rule[];
  language: string;
  channels: readonly Channel[];
}

/** `call`: null: a made-up one; `told`: whether the rule is about it. */
export interface Preview {
  subject: string;
  text: string;
  sms: { text: string; parts: number; encoding: string } | null;
  call: string | null;
  told: boolean;
  problems: readonly string[];
}

export interface AboutCall {
  id: string;
  at: string | null;
  kind: string | null;
  caller_shown: string | null;
  caller_name: string | null;
  withheld: boolean;
}

export type MessageState = "pending" | "leased" | "sent" | "dead" | "skipped" | "digested";

/** `held`: waits for the note; `next_at`: null: it is not tried again; `part_of`: the message that tells it. */
export interface Message {
  id: number;
  at: string;
  client: string;
  about: string;
  call: AboutCall | null;
  channel: string;
  to: string;
  rule: string;
  state: MessageState;
  held: boolean;
  attempts: number;
  tried_at: string | null;
  detail: string;
  next_at: string | null;
  report: string | null;
  reported_at: string | null;
  part_of: number | null;
}

export interface MessagePage {
  messages: readonly Message[];
  next: number | null;
}

export interface Copy {
  kind: "mail" | "text" | "json" | "fax" | "other";
  media_type: string;
  bytes: number;
  subject: string;
  text: string;
  attachments: readonly string[];
  pages: number;
}

export interface MessageTold extends Message {
  tries: readonly { at: string; outcome: string; detail: string }[];
  copy_sent: Copy | null;
  erased: boolean;
}

/** Since when there is the present secret for webhooks, and until when an older one signs along. */
export interface SecretState {
  readonly made_at: string | null;
  readonly old_until: string | null;
}
