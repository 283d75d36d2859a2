/** What the call was, in a word that statistics count. */
import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { post } from "../api";
import { Keys } from "../ui/Keys";
import { tell, tellProblem } from "../ui/said";
import { KEYS, useShortcut } from "./shortcuts";
import { t, wordOr } from "./words";

const RESULTS = ["done", "callback", "wrong-number", "hung-up", "spam"] as const;
/** The arrow keys go through the list one by one: the last one counts. */
const SETTLED_MS = 700;

const chosen = signal({ call: "", result: "" });
let waiting: ReturnType<typeof setTimeout> | undefined;

export function Result({ call }: { call: string }) {
  const box = useRef<HTMLSelectElement>(null);
  useShortcut(KEYS.result, () => box.current?.focus());
  const choose = (result: string) => {
    chosen.value = { call, result };
    clearTimeout(waiting);
    if (result !== "") waiting = setTimeout(() => void say(call, result), SETTLED_MS);
  };
  return (
    <label class="result">
      <span class="unseen">{t("result.label")}</span>
      <select
        ref={box}
        value={chosen.value.call === call ? chosen.value.result : ""}
        aria-keyshortcuts={KEYS.result}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value="">{t("result.none")}</option>
        {RESULTS.map((result) => (
          <option key={result} value={result}>
            {t(`result.${result}`)}
          </option>
        ))}
      </select>
      <Keys keys={KEYS.result} />
    </label>
  );
}

async function say(call: string, result: string): Promise<void> {
  try {
    await post(`/calls/${encodeURIComponent(call)}/result`, { result });
    tell(t("result.set", { result: wordOr(`result.${result}`, result) }));
  } catch (error) {
    chosen.value = { call, result: "" };
    tellProblem(error);
  }
}
