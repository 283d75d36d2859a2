/** A pause has a reason: one key for each, so that it costs no thought. */
import { useSignal } from "@preact/signals";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { pause, stage } from "./desk";
import { t } from "./words";

const REASONS = ["lunch", "break", "admin", "training"] as const;

export function PauseDialog({ onClose }: { onClose: () => void }) {
  const other = useSignal("");
  const begin = async (reason: string) => {
    await pause(reason);
    onClose();
  };
  const typed = (event: KeyboardEvent) => {
    const reason = REASONS[Number(event.key) - 1];
    if (reason !== undefined && !(event.target instanceof HTMLInputElement)) void begin(reason);
  };
  return (
    <Dialog title={t("pause.title")} onClose={onClose}>
      <div class="stack" onKeyDown={typed}>
        {stage.value === "talking" && <p>{t("pause.later")}</p>}
        <div class="row">
          {REASONS.map((reason, index) => (
            <Button key={reason} keys={String(index + 1)} onClick={() => begin(reason)}>
              {t(`pause.${reason}`)}
            </Button>
          ))}
        </div>
        <form
          class="row other"
          onSubmit={(event) => {
            event.preventDefault();
            if (other.value.trim() !== "") void begin(other.value.trim());
          }}
        >
          <Field label={t("pause.other")} class="grow">
            <input value={other} maxLength={80} onInput={(event) => (other.value = event.currentTarget.value)} />
          </Field>
          <Button disabled={other.value.trim() === ""} onClick={() => begin(other.value.trim())}>
            {t("top.pause")}
          </Button>
        </form>
      </div>
    </Dialog>
  );
}
