/**
 * Server-sent events for a screen that nobody signs in at: with the token of a program, which an EventSource cannot
 * send. Tries for ever; `lost` from the first failure on.
 */
import { signal } from "@preact/signals";
import type { Connection, Hearers, Stream } from "../events";

const PAUSE_MS = 2000;
/** The server says something at least each 15 s. */
const SILENCE_MS = 25_000;

export function listenWith(token: string, path: string, hearers: Hearers): Stream {
  const connection = signal<Connection>("connecting");
  const closing = new AbortController();

  async function hear(): Promise<void> {
    const silence = new AbortController();
    const ends = AbortSignal.any([closing.signal, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
      const answer = await fetch(`/api${path}`, { headers, cache: "no-store", credentials: "omit", signal: ends });
      if (!answer.ok || answer.body === null) return;
      connection.value = "open";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let kept = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        const blocks = (kept + part.value).split("\n\n");
        kept = blocks.pop() ?? "";
        for (const block of blocks) tell(block, hearers);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await hear().catch(() => undefined);
      connection.value = "lost";
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  void run();
  return { connection, close: () => closing.abort() };
}

function tell(block: string, hearers: Hearers): void {
  let name = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  if (data.length > 0) hearers[name]?.(JSON.parse(data.join("\n")));
}
