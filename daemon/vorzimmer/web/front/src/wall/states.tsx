/** How an agent's state is shown: by word, shape and colour together. */
import type { AgentAtWork, State } from "./types";
import { t, wordOr } from "./words";

/** From who is busiest to who is not there. */
export const ORDER: readonly State[] = [
  "talking",
  "ringing",
  "reserved",
  "wrap_up",
  "available",
  "paused",
  "logged_out",
];

const SHAPES: Readonly<Record<State, string>> = {
  talking: "■",
  ringing: "◆",
  reserved: "◇",
  wrap_up: "▲",
  available: "●",
  paused: "‖",
  logged_out: "○",
};

/** Rostered to work now, and not there. */
export function isMissing(agent: AgentAtWork): boolean {
  return agent.expected && agent.state === "logged_out";
}

export function reason(agent: AgentAtWork): string {
  return agent.state === "paused" && agent.reason !== "" ? wordOr(`reason.${agent.reason}`, agent.reason) : "";
}

export function StateChip({ agent }: { agent: AgentAtWork }) {
  const missing = isMissing(agent);
  return (
    <span class={`chip ${missing ? "missing" : agent.state}`}>
      <span aria-hidden="true">{missing ? "✕" : SHAPES[agent.state]}</span> {missing ? t("state.missing") : t(`state.${agent.state}`)}
    </span>
  );
}

export function Shape({ state, missing }: { state: State; missing?: boolean }) {
  return <span aria-hidden="true">{missing === true ? "✕" : SHAPES[state]}</span>;
}

export function inOrder(agents: readonly AgentAtWork[]): AgentAtWork[] {
  const rank = (agent: AgentAtWork) => (isMissing(agent) ? 5.5 : ORDER.indexOf(agent.state));
  return [...agents].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}
