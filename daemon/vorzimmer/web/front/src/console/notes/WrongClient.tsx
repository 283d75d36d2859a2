/** A note that belongs to another client: it is moved there, with the reason, and the trace stays. */
import { useSignal } from "@preact/signals";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { clientName, clients } from "../clients";
import { t } from "../words";
import type { Draft } from "./draft";
import { changed } from "./notes";

export function WrongClient({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const client = useSignal("");
  const reason = useSignal("");
  const move = async () => {
    await draft.moveTo(client.value, reason.value.trim());
    changed.value++;
    tell(t("notes.client.done", { client: clientName(client.value) }));
    onClose();
  };
  return (
    <Dialog title={t("notes.client.title")} onClose={onClose}>
      <div class="stack">
        <Field label={t("notes.client.which")}>
          <select value={client} onChange={(event) => (client.value = event.currentTarget.value)}>
            <option value="">{t("notes.choose")}</option>
            {clients.value
              .filter((one) => one.id !== draft.client.value)
              .map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
          </select>
        </Field>
        <Field label={t("notes.client.reason")}>
          <input value={reason} maxLength={200} onInput={(event) => (reason.value = event.currentTarget.value)} />
        </Field>
        <div class="row">
          <Button look="main" disabled={client.value === "" || reason.value.trim() === ""} onClick={move}>
            {t("notes.client.do")}
          </Button>
          <Button onClick={onClose}>{t("cancel")}</Button>
        </div>
      </div>
    </Dialog>
  );
}
