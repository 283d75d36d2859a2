/** The supervisor's own way into a talk: which telephone rings for it, and which stage is on. */
import { computed, effect, signal } from "@preact/signals";
import { ApiError, post } from "../api";
import { tick } from "../clock";
import { me } from "../session";
import { tell } from "../ui/said";
import { wall } from "./feed";
import type { AgentAtWork, Stage } from "./types";
import { t, wordOr } from "./words";

/** How long the server rings a supervisor's telephone, and a moment more. */
const RINGS_SECONDS = 33;

export const STAGES: readonly Stage[] = ["listen", "whisper", "barge"];

export interface Asked {
  agent: string;
  stage: Stage;
  phone: string;
  /** When it was asked, by the server's clock. */
  at: number;
}

/** What was asked for and is not so yet. */
export const asked = signal<Asked | null>(null);

/** In whose talk this person is, and how far. */
export const mine = computed<{ agent: string; name: string; stage: Stage } | null>(() => {
  const own = me.value?.agent;
  for (const agent of wall.value?.agents ?? []) {
    const found = agent.supervisors.find((one) => one.agent === own);
    if (found !== undefined) return { agent: agent.agent, name: agent.name, stage: found.stage };
  }
  return null;
});

export async function supervise(agent: AgentAtWork, stage: Stage): Promise<void> {
  if (mine.value?.agent === agent.agent && mine.value.stage === stage) return;
  try {
    const answer = await post<{ phone: string }>("/supervise", { agent: agent.agent, stage });
    asked.value = { agent: agent.agent, stage, phone: answer.phone, at: tick.value };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    tell(wordOr(`refused.${error.code}`, error.message), true);
  }
}

/** Forget what was asked for once it is so, or once nobody has answered. */
export function watch(): () => void {
  return effect(() => {
    const waiting = asked.value;
    if (waiting === null) return;
    if (mine.value?.agent === waiting.agent && mine.value.stage === waiting.stage) {
      asked.value = null;
    } else if (tick.value - waiting.at > RINGS_SECONDS * 1000) {
      asked.value = null;
      const agent = wall.value?.agents.find((one) => one.agent === waiting.agent);
      tell(t("stage.missed", { name: agent?.name ?? waiting.agent }), true);
    }
  });
}
