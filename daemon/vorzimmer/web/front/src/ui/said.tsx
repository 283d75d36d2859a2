/** Short sentences at the edge of the page: what went wrong, what was done. Read out by screen readers. */
import { signal } from "@preact/signals";
import { ApiError } from "../api";
import { said, translated } from "../i18n/sentences";
import { t } from "../i18n/words";

interface Sentence {
  id: number;
  text: string;
  wrong: boolean;
}

const SHOWN_MS = { wrong: 9000, well: 4000 };

const shown = signal<readonly Sentence[]>([]);
let last = 0;

export function tell(text: string, wrong = false): void {
  const id = ++last;
  shown.value = [...shown.value.filter((one) => one.text !== text).slice(-2), { id, text, wrong }];
  setTimeout(() => forget(id), wrong ? SHOWN_MS.wrong : SHOWN_MS.well);
}

/** Say why something could not be done. */
export function tellProblem(error: unknown): void {
  if (error instanceof ApiError) {
    if (error.status !== 401) tell(inWords(error), true);
    return;
  }
  tell(String(error), true);
  console.error(error);
}

/** What a person is told of a failure. */
export function inWords(error: ApiError): string {
  if (error.code === "unreachable") return t("problem.unreachable");
  if (error.code === "calls_away") return t("problem.calls_away");
  if (error.code === "database_away") return t("problem.database_away");
  if (error.code === "unknown" || error.code.startsWith("unknown_")) return t("problem.unknown");
  if (error.code === "not_now") return translated(error.message) ?? t("problem.not_now");
  return said(error.message) || t("problem.other");
}

function forget(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

export function Said() {
  return (
    <div class="said" role="status" aria-live="polite">
      {shown.value.map((one) => (
        <p key={one.id} class={one.wrong ? "wrong" : "well"}>
          {one.text}
          <button type="button" class="close" aria-label={t("close")} onClick={() => forget(one.id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  );
}
