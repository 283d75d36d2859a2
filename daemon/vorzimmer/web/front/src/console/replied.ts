/** What clients answered to the agent's notes and nobody has seen: the server tells its ids, the page fetches the rest. */
import { effect, signal } from "@preact/signals";
import { get, post } from "../api";
import { tell } from "../ui/said";
import { view } from "./desk";
import { t } from "./words";

/** `by`: a mail's sender, a user's name, or `link`. `attachments`: came along and were not kept. */
export interface Answer {
  id: number;
  kind: "done" | "reopened" | "reply";
  text: string;
  attachments: number;
  by: string;
  via: "link" | "mail" | "portal";
  at: string;
}

/** `mine`: about a call that this agent was in, and may open. */
export interface NewAnswer extends Answer {
  call: string;
  client: string;
  client_name: string;
  call_at: string | null;
  caller_shown: string | null;
  caller_name: string | null;
  mine: boolean;
}

export const newAnswers = signal<readonly NewAnswer[]>([]);

/** Keep the list up with the ids that the server tells. */
export function follow(): () => void {
  let shown = "";
  return effect(() => {
    const ids = view.value?.answers ?? [];
    if (String(ids) === shown) return;
    shown = String(ids);
    get<NewAnswer[]>("/agent/answers").then(take, () => (shown = ""));
  });
}

/** Nobody needs to see it again. */
export async function seen(one: NewAnswer): Promise<void> {
  newAnswers.value = await post<NewAnswer[]>(`/agent/answers/${one.id}/seen`, {});
}

function take(found: readonly NewAnswer[]): void {
  const known = new Set(newAnswers.peek().map((one) => one.id));
  for (const one of found.filter(({ id }) => !known.has(id)).slice(0, 2)) {
    tell(t(`answer.came.${one.kind}`, { client: one.client_name }));
  }
  newAnswers.value = found;
}
