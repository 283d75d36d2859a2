/** What the server tells of some days' calls; seconds, shares in hundredths. */
export type By = "client" | "agent" | "team" | "hour" | "weekday" | "day";

export interface Row {
  key: string | null;
  name: string | null;
  offered: number;
  answered: number;
  abandoned: number;
  at_once: number;
  overflowed: number;
  level: number | null;
  mean_wait: number | null;
  p90_wait: number | null;
  max_wait: number | null;
  mean_talk: number | null;
  mean_wrap_up: number | null;
}

export interface AgentRow {
  agent: string;
  name: string;
  calls: number;
  calls_a_day: number | null;
  missed: number;
  talk: number;
  hold: number;
  wrap_up: number;
  logged_in: number;
  paused: number;
  occupancy: number | null;
}

export interface Told {
  by: By;
  rows: readonly Row[];
  total: Row;
  agents: readonly AgentRow[];
}

export interface MarginRow {
  client: string;
  name: string;
  closed: boolean;
  calls: number;
  hours: string;
  revenue: string;
  wages: string;
  lines: string;
  margin: string;
  share: number | null;
}

export interface Margins {
  currency: string;
  clients: readonly MarginRow[];
  foreign: readonly string[];
}

export interface HalfHour {
  at: string;
  calls: number;
  agents_c: number;
  agents_a: number | null;
}

export interface Staffing {
  handling: number;
  patience: number | null;
  half_hours: readonly HalfHour[];
}
