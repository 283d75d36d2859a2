/** The name of this page among the agent's pages: it stays when the page is loaded anew, and a copied tab gets its own. */
const KEPT = "vorzimmer.page";

export const pageId = kept() ?? made();

function kept(): string | null {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return entry?.type === "reload" ? sessionStorage.getItem(KEPT) : null;
}

function made(): string {
  const id = newId();
  sessionStorage.setItem(KEPT, id);
  return id;
}

/** A version 4 UUID. `crypto.randomUUID` is there in secure contexts only. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
