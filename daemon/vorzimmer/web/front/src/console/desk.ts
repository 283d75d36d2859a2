/**
 * What is on the agent's desk: the server tells the agent's whole state and the present call's screen pop with every
 * change, and the page follows. Nothing about calls is worked out here.
 */
import { computed, signal } from "@preact/signals";
import { post, type Wishes } from "../api";
import { setTime } from "../clock";
import { zone } from "../i18n/language";
import { listen, type Stream } from "../events";
import { pageId } from "./page_id";
import type { AgentView, CallSeen, Pop } from "./types";

export const view = signal<AgentView | null>(null);
/** Of the present call, in wrap-up of the one before. */
export const pop = signal<Pop | null>(null);
export const stream = signal<Stream | null>(null);

export type Stage = "idle" | "ringing" | "talking" | "after";

export const call = computed<CallSeen | null>(() => view.value?.call ?? null);

export const stage = computed<Stage>(() => {
  switch (view.value?.state) {
    case "reserved":
    case "ringing":
      return "ringing";
    case "talking":
      return "talking";
    case "wrap_up":
      return "after";
    default:
      return "idle";
  }
});

/** Whether the agent can speak with the caller now, and so may hold, put through, record. */
export const inTalk = computed(() => stage.value === "talking" && call.value?.mine === true && !call.value.over);

export function open(): void {
  stream.value = listen(`/agent/events?page=${pageId}`, {
    view: (data) => see(data as AgentView),
    pop: (data) => {
      pop.value = data as Pop | null;
    },
  });
}

export function close(): void {
  stream.value?.close();
  stream.value = null;
}

function see(told: AgentView): void {
  setTime(told.at);
  zone.value = told.timezone;
  view.value = told;
}

/** Something the agent does; the answer is the state afterwards, which is shown without waiting for the stream. */
async function act(what: string, body: unknown = {}): Promise<void> {
  const answer = await post<AgentView>(`/agent/${what}`, body);
  const shown = view.peek();
  // The stream may have told of a ring meanwhile, which an answer from before it must not wipe away.
  if (shown === null || Date.parse(answer.at) >= Date.parse(shown.at)) see(answer);
}

export const logIn = (phone: string) => act("login", phone === "" ? {} : { phone });
export const logOut = () => act("logout");
export const pause = (reason: string) => act("pause", { reason });
export const ready = () => act("ready");

/** Something about the present call; what comes of it is told by the stream. */
export async function doCall(what: string, body: unknown = {}, wishes: Wishes = {}): Promise<void> {
  const present = call.peek();
  if (present !== null) await post(`/calls/${encodeURIComponent(present.id)}/${what}`, body, wishes);
}
