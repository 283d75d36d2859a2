/** A stream of server-sent events that is opened again whenever it breaks, and says whether it is open. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { ApiError, get, signedOut } from "./api";

export type Connection = "connecting" | "open" | "lost";

export interface Stream {
  /** `lost` only after a second without success: a reload of the server is not worth a word. */
  readonly connection: ReadonlySignal<Connection>;
  close(): void;
}

/** What to do with each event, by its name; its data is parsed JSON. */
export type Hearers = Readonly<Record<string, (data: unknown) => void>>;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;
const UNMENTIONED_MS = 1000;
/** The server tells its state at least each 10 s; a line that is silent for longer is dead though open. */
const SILENCE_MS = 25_000;

/** Hear the events at `path` (below /api) until closed. The server tells the whole state on each new connection. */
export function listen(path: string, hearers: Hearers): Stream {
  const connection = signal<Connection>("connecting");
  let source: EventSource | null = null;
  let pause = FIRST_PAUSE_MS;
  let waking: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let mention: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function heard(): void {
    clearTimeout(silence);
    silence = setTimeout(broken, SILENCE_MS);
  }

  function open(): void {
    clearTimeout(waking);
    source?.close();
    if (closed || signedOut.value) return;
    const opening = new EventSource(`/api${path}`);
    source = opening;
    heard();
    opening.onopen = () => {
      pause = FIRST_PAUSE_MS;
      clearTimeout(mention);
      mention = undefined;
      connection.value = "open";
      heard();
    };
    opening.onerror = () => broken();
    for (const [name, hear] of Object.entries(hearers)) {
      opening.addEventListener(name, (event) => {
        heard();
        hear(JSON.parse((event as MessageEvent<string>).data));
      });
    }
  }

  function broken(): void {
    source?.close();
    source = null;
    clearTimeout(silence);
    clearTimeout(waking);
    if (closed) return;
    mention ??= setTimeout(() => {
      connection.value = "lost";
    }, UNMENTIONED_MS);
    waking = setTimeout(() => void retry(), pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  /** An EventSource does not tell why it was refused; a request does: after a 401 the login comes up. */
  async function retry(): Promise<void> {
    try {
      await get("/me", { patient: false });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return;
    }
    open();
  }

  function hurry(): void {
    if (source === null && !closed) {
      pause = FIRST_PAUSE_MS;
      open();
    }
  }

  addEventListener("online", hurry);
  // Told at once too: this is what opens it.
  const stop = signedOut.subscribe((out) => {
    if (!out) hurry();
  });
  return {
    connection,
    close() {
      closed = true;
      stop();
      removeEventListener("online", hurry);
      source?.close();
      for (const timer of [waking, silence, mention]) clearTimeout(timer);
    },
  };
}
