/**
 * The page as the agent's telephone. One page of an agent at a time is it: the one that has claimed it last. A page loaded
 * anew in a talk takes the talk back.
 */
import { computed, effect, signal } from "@preact/signals";
import { ApiError, get, post } from "../api";
import type { Credentials, Phone } from "../phone/types";
import { tellProblem } from "../ui/said";
import { call, doCall, logIn, stage, view } from "./desk";
import { pageId } from "./page_id";

/** The telephone in this page; null: there is none for this agent, or another page is it. */
export const phone = signal<Phone | null>(null);
const credentials = signal<Credentials | null>(null);

export type Where = "none" | "here" | "elsewhere";

/** Whether this agent has a telephone in the browser, and which page is it. */
export const where = computed<Where>(() => {
  if (credentials.value === null) return "none";
  return phone.value === null ? "elsewhere" : "here";
});

/** The endpoint of the telephone in the browser, "" without one. */
export const ownEndpoint = computed(() => credentials.value?.endpoint ?? "");

/** Whether calls come to a telephone in a page, be it this one. */
export const usesBrowser = computed(() => ownEndpoint.value !== "" && view.value?.phone === ownEndpoint.value);

/** The agent's telephones that are devices of their own. */
export const deskPhones = computed(() =>
  (view.value?.phones ?? []).filter((one) => one.transport !== "webrtc").map((one) => one.endpoint),
);

/** Fetch the account of the telephone, and be it unless another page is. Ends what it does with the returned function. */
export function begin(): () => void {
  let stopped = false;
  get<Credentials>("/phone").then(
    (found) => {
      if (stopped) return;
      credentials.value = found;
      void whenKnown().then(() => {
        if (!stopped && isFree()) void claim().catch(tellProblem);
      });
    },
    (error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 404) tellProblem(error);
    },
  );
  const following = effect(() => {
    const page = view.value?.phone_page ?? null;
    if (phone.value === null || claiming || page === pageId) return;
    if (page !== null) giveUp();
    // The line was broken, or the server was, and has forgotten it.
    else void tellClaim().catch(() => undefined);
  });
  const ringing = ringHere();
  const hearing = beHeard();
  return () => {
    stopped = true;
    following();
    ringing();
    hearing();
    stopPhone();
  };
}

function isFree(): boolean {
  const page = view.peek()?.phone_page ?? null;
  return page === null || page === pageId;
}

let claiming = false;

/** Be the telephone: the other pages fall silent. */
export async function claim(): Promise<void> {
  const found = credentials.peek();
  if (found === null || claiming || phone.peek() !== null) return;
  claiming = true;
  try {
    await tellClaim();
    const { createPhone } = await import("../phone/phone");
    const made = createPhone(found);
    phone.value = made;
    await made.start();
    takeBack(made);
  } finally {
    claiming = false;
  }
}

function tellClaim(): Promise<void> {
  return post("/phone/claim", { page: pageId });
}

/** A talk that was on a page's telephone comes to this one. */
function takeBack(made: Phone): void {
  if (stage.peek() !== "talking" || !usesBrowser.peek() || call.peek()?.over !== false) return;
  const stop = made.registration.subscribe((registration) => {
    if (registration !== "registered") return;
    queueMicrotask(() => stop());
    made.autoAnswerNext();
    doCall("move", { phone: ownEndpoint.peek() }).catch(tellProblem);
  });
}

/** A ring needs a moment from the server to the telephone: milliseconds. */
const ON_ITS_WAY_MS = 1000;

/** A ring that went to this page before it was loaded anew, or while its line was broken, is asked for once more. */
function ringHere(): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const end = effect(() => {
    clearTimeout(waiting);
    const here = phone.value;
    const silent = here?.registration.value === "registered" && here.call.value?.state !== "ringing";
    if (!silent || stage.value !== "ringing" || call.value === null || !usesBrowser.value) return;
    // Refused where it has just been answered or given up.
    waiting = setTimeout(() => doCall("move", { phone: ownEndpoint.peek() }).catch(() => undefined), ON_ITS_WAY_MS);
  });
  return () => {
    clearTimeout(waiting);
    end();
  };
}

/** A talk whose sound finds no way comes to this page once more, on a new one; once, for a network may let none through. */
function beHeard(): () => void {
  let tried = "";
  return effect(() => {
    const here = phone.value;
    const talk = call.value?.id ?? "";
    if (!here?.unheard.value || stage.value !== "talking" || talk === tried) return;
    tried = talk;
    here.autoAnswerNext();
    doCall("move", { phone: ownEndpoint.peek() }).catch(tellProblem);
  });
}

/** Calls come to that telephone from now on; the present talk goes on there, a call that rings goes on ringing there. */
export async function moveTo(endpoint: string): Promise<void> {
  const now = stage.peek();
  if (now === "talking" || now === "ringing") {
    if (now === "talking" && endpoint === ownEndpoint.peek()) phone.peek()?.autoAnswerNext();
    await doCall("move", { phone: endpoint });
  } else {
    await logIn(endpoint);
  }
}

export function stopPhone(): void {
  phone.peek()?.stop();
  phone.value = null;
}

function giveUp(): void {
  phone.peek()?.takenOver();
  phone.value = null;
}

function whenKnown(): Promise<void> {
  return new Promise((resolve) => {
    const stop = view.subscribe((seen) => {
      if (seen === null) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
