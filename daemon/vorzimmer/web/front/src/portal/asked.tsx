/** What a page shows of the server: asked for when it is first shown, and kept on the page while it is asked for again. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { ApiError, get } from "../api";
import { Button } from "../ui/Button";
import { inWords } from "../ui/said";
import { t } from "./words";

export interface Asked<T> {
  readonly value: ReadonlySignal<T | null>;
  readonly problem: ReadonlySignal<string>;
  /** To ask again would not help. */
  readonly lasting: ReadonlySignal<boolean>;
  /** Ask again; what is shown stays until the answer is there. */
  reload(): Promise<void>;
  /** What the server said on another way, such as the answer to a change. */
  take(value: T): void;
}

/** Ask for `path` (below /api), and again whenever it changes. */
export function useAsked<T>(path: string): Asked<T> {
  const asked = useMemo(() => asking<T>(path), [path]);
  useEffect(() => {
    void asked.reload();
    return () => asked.end();
  }, [asked]);
  return asked;
}

function asking<T>(path: string): Asked<T> & { end(): void } {
  const value = signal<T | null>(null);
  const problem = signal("");
  const lasting = signal(false);
  const ended = new AbortController();
  let turn = 0;
  return {
    value,
    problem,
    lasting,
    async reload() {
      const mine = ++turn;
      try {
        const found = await get<T>(path, { signal: ended.signal });
        if (mine === turn) [value.value, problem.value] = [found, ""];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (mine === turn && !ended.signal.aborted) [problem.value, lasting.value] = [inWords(error), error.lasting];
      }
    },
    take(found: T) {
      turn++;
      [value.value, problem.value] = [found, ""];
    },
    end: () => ended.abort(),
  };
}

/** What was asked for, or that it is under way, or why it did not come. */
export function Show<T>({ of, children }: { of: Asked<T>; children: (value: T) => ComponentChildren }) {
  const problem = of.problem.value !== "" && (
    <p class="card refused" role="alert">
      <span class="wrong">{of.problem.value}</span>{" "}
      {!of.lasting.value && <Button onClick={() => of.reload()}>{t("again")}</Button>}
    </p>
  );
  if (of.value.value === null) return problem || <p class="soft loading">{t("loading")}</p>;
  return (
    <>
      {problem}
      {children(of.value.value)}
    </>
  );
}
