/** Recording the talk: only with the caller's consent, which the agent has heard or a key press proves (§ 201 StGB). */
import { useSignal } from "@preact/signals";
import { Button } from "../ui/Button";
import { doCall, pop } from "./desk";
import { KEYS, useShortcut } from "./shortcuts";
import type { CallSeen } from "./types";
import { t } from "./words";

/** The question, and the time for an answer: milliseconds. */
const ASKING_MS = 90_000;

export function Recording({ recording }: { recording: CallSeen["recording"] }) {
  const allowed = pop.value?.recording_allowed === true;
  const none = recording === "none";
  const turn = () => {
    if (none) return doCall("recording/start", { consent: "agent" });
    return doCall(recording === "on" ? "recording/pause" : "recording/resume");
  };
  const asking = useSignal(false);
  const ask = async () => {
    if (asking.value) return;
    asking.value = true;
    try {
      await doCall("recording/start", { consent: "key" }, { within: ASKING_MS });
    } finally {
      asking.value = false;
    }
  };
  useShortcut(KEYS.record, turn, allowed || !none);
  useShortcut(KEYS.record_key, ask, allowed && none);
  if (!allowed && none) return null;
  return (
    <div class={`recording row ${recording}`} role="group" aria-label={t("record.label")}>
      {none ? (
        <>
          <span class="small soft" role="status">
            {t(asking.value ? "record.asking" : "record.label")}
          </span>
          <Button keys={KEYS.record} onClick={turn}>
            {t("record.heard")}
          </Button>
          <Button keys={KEYS.record_key} onClick={ask}>
            {t("record.key")}
          </Button>
        </>
      ) : (
        <>
          <strong role="status">{t(recording === "on" ? "record.on" : "record.paused")}</strong>
          <Button keys={KEYS.record} onClick={turn}>
            {t(recording === "on" ? "record.pause" : "record.resume")}
          </Button>
          <Button onClick={() => doCall("recording/withdraw")}>{t("record.withdraw")}</Button>
        </>
      )}
    </div>
  );
}
