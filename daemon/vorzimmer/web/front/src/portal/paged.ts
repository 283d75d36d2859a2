/** A list of the server's that comes in pages: begun anew whenever it is asked for differently, and made longer. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../api";
import { tellProblem } from "../ui/said";

export interface Paged<T> {
  readonly all: ReadonlySignal<readonly T[] | null>;
  /** What the next page is asked for with; null: there is none. */
  readonly next: ReadonlySignal<string | null>;
  more(): Promise<void>;
  reload(): Promise<void>;
}

/** `pathFrom(after)`: where a page is; `read`: what is in it, and after what the next one begins. */
export function usePaged<T, P>(
  pathFrom: (after: string | null) => string,
  read: (page: P) => { all: readonly T[]; next: string | null },
): Paged<T> {
  const all = useSignal<readonly T[] | null>(null);
  const next = useSignal<string | null>(null);
  const first = pathFrom(null);
  const load = async (after: string | null, still: () => boolean) => {
    const page = read(await get<P>(pathFrom(after)));
    if (!still()) return;
    all.value = after === null ? page.all : [...(all.peek() ?? []), ...page.all];
    next.value = page.next;
  };
  useEffect(() => {
    let still = true;
    load(null, () => still).catch(tellProblem);
    return () => {
      still = false;
    };
  }, [first]);
  return { all, next, more: () => load(next.peek(), () => true), reload: () => load(null, () => true) };
}

/** A path with what is filled in of these. */
export function asked(path: string, query: Readonly<Record<string, string | null>>): string {
  const filled = Object.entries(query).filter((one): one is [string, string] => one[1] !== null && one[1] !== "");
  return filled.length === 0 ? path : `${path}?${new URLSearchParams(filled).toString()}`;
}
