/** What the server says of numbers and their forwarding. */
import type { Versioned } from "../draft";

/** `opening`: before which it was made; null: a person asked. */
export interface ForwardingCheck {
  number: string;
  did: string;
  at: string;
  opening: string | null;
  verdict: "forwarded" | "not_forwarded" | "wrong_did" | "loop" | "not_checked";
  reason: string;
  seen: readonly string[];
  seconds: number;
}

export interface OwnNumber {
  number: string;
  did: string;
  watch: boolean;
  tell_client: boolean;
  last_check: ForwardingCheck | null;
}

export interface Numbers extends Versioned {
  numbers: readonly { number: string; diverted_from: readonly string[] }[];
  own: readonly OwnNumber[];
  checks: readonly ForwardingCheck[];
}
