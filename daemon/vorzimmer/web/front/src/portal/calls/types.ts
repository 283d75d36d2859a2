/** What the server says of calls. */

/** `caller` is E.164, `caller_shown` as it is written; null where it was withheld, not given or `erased`. */
export interface CallLine {
  id: string;
  at: string;
  direction: "in" | "out";
  kind: string;
  caller: string | null;
  caller_shown: string | null;
  caller_name: string | null;
  withheld: boolean;
  erased: boolean;
  talked: number;
  note: string;
  urgent: boolean;
  /** The client says so. */
  done: boolean;
  sounds: number;
  replies: number;
}

/** `next`: what to ask for as `before` to get the older ones; null: there are none. */
export interface CallPage {
  calls: readonly CallLine[];
  next: string | null;
}

export interface CallSound {
  n: number;
  kind: "message" | "recording";
  seconds: number;
  gone: boolean;
}

export interface CallNote {
  title: string;
  urgent: boolean;
  fields: readonly { label: string; value: string | boolean }[];
  author: string;
  at: string;
}

/** `by`: a mail's sender, a user's name, or `link`. `attachments`: came along and were not kept. */
export interface CallAnswer {
  id: number;
  kind: "done" | "reopened" | "reply";
  text: string;
  attachments: number;
  by: string;
  via: "link" | "mail" | "portal";
  at: string;
}

export interface CallAnswers {
  done: boolean;
  answers: readonly CallAnswer[];
}

/** What the caller met, in the reader's language. */
export interface CallPhase {
  kind: string;
  text: string;
  at: string;
  seconds: number;
}

export interface CallTold extends Omit<CallLine, "note" | "sounds" | "replies"> {
  did: string;
  did_shown: string;
  waited: number;
  forwarded: number;
  lasted: number;
  agents: readonly string[];
  reason: string;
  phases: readonly CallPhase[];
  sounds: readonly CallSound[];
  notes: readonly CallNote[];
  answers: readonly CallAnswer[];
}
