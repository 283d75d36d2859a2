/**
 * Where in the portal one is: `#/calls/ID?kind=message`. An admin is at one client of many: `#/at/CLIENT/calls`.
 * Everything that somebody may want to come back to stands in the address.
 */
import { computed, signal } from "@preact/signals";

export interface Place {
  /** Whose portal; null: the own one. */
  readonly client: string | null;
  readonly page: string;
  /** What on the page; empty: all. */
  readonly item: string;
  readonly query: URLSearchParams;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export const place = computed<Place>(() => read(hash.value));

function read(address: string): Place {
  const [path = "", query = ""] = address.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").map(plain);
  const client = parts[0] === "at" ? (parts[1] ?? null) : null;
  const [page = "", item = ""] = client === null ? parts : parts.slice(2);
  return { client, page, item, query: new URLSearchParams(query) };
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** The address of a page of the client whose portal this is. */
export function href(page: string, item = "", query: Readonly<Record<string, string>> = {}): string {
  const client = place.peek().client;
  const base = client === null ? "#" : `#/at/${encodeURIComponent(client)}`;
  const filled = Object.entries(query).filter(([, value]) => value !== "");
  const asked = filled.length > 0 ? `?${new URLSearchParams(filled).toString()}` : "";
  return `${base}/${page}${item === "" ? "" : `/${encodeURIComponent(item)}`}${asked}`;
}

export function go(address: string): void {
  location.hash = address;
}

/** Change what is asked of this page without a step in the browser's history. */
export function ask(query: Readonly<Record<string, string>>): void {
  const { page, item } = place.peek();
  history.replaceState(null, "", href(page, item, query));
  hash.value = location.hash;
}
