/** What the server tells of the house; times are ISO with the house's offset, durations seconds. */

export type State = "logged_out" | "available" | "paused" | "reserved" | "ringing" | "talking" | "wrap_up";
export type Phase = "ring" | "announcement" | "queue" | "talk" | "hold" | "put_through" | "forwarded" | "machine";
export type Stage = "listen" | "whisper" | "barge";

export interface WaitingCaller {
  call: string;
  client: string | null;
  client_name: string;
  since: string;
  place: number;
  predicted: number | null;
}

export interface AgentAtWork {
  agent: string;
  name: string;
  state: State;
  since: string;
  reason: string;
  reachable: boolean;
  call: string | null;
  client: string | null;
  client_name: string | null;
  then: "log_out" | "pause" | null;
  expected: boolean;
  supervisors: readonly { agent: string; name: string; stage: Stage }[];
}

export interface LivingCall {
  call: string;
  client: string | null;
  client_name: string | null;
  caller_shown: string | null;
  phase: Phase;
  since: string;
  agents: readonly string[];
}

export interface ServiceLevel {
  at: string;
  formula: string;
  target: number;
  percent: number | null;
  offered: number;
  answered: number;
  abandoned: number;
  average_wait: number | null;
}

/** Calls that began in a stretch of time. */
export interface Counts {
  offered: number;
  answered: number;
  abandoned: number;
}

export interface Minute extends Counts {
  minute: string;
}

export interface Wall {
  at: string;
  timezone: string;
  living_at: string | null;
  calls_away: boolean;
  database_away: boolean;
  waiting: readonly WaitingCaller[];
  agents: readonly AgentAtWork[];
  calls: readonly LivingCall[];
  longest_wait: number | null;
  service_level: ServiceLevel | null;
  last_hour: readonly Minute[];
}

export interface Quarter extends Counts {
  since: string;
  percent: number | null;
}

export interface AgentDay {
  agent: string;
  name: string;
  calls: number;
  talk: number;
  wrap_up: number;
  pause: number;
}

export interface History {
  day: string;
  whole: ServiceLevel;
  quarters: readonly Quarter[];
  agents: readonly AgentDay[];
}
