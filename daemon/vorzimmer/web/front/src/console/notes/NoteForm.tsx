/** One note: its fields, whether it is saved, and what ends it. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clockTime } from "../../i18n/language";
import { Button } from "../../ui/Button";
import { tell } from "../../ui/said";
import { clientName } from "../clients";
import { KEYS, useShortcut } from "../shortcuts";
import { TaskOfCall } from "../Tasks";
import { t } from "../words";
import type { Draft } from "./draft";
import { FieldInput } from "./FieldInput";
import { Newer } from "./Newer";
import { drop, finish, subject, wasChosen } from "./notes";
import { WrongClient } from "./WrongClient";

export function NoteForm({ draft }: { draft: Draft }) {
  const box = useRef<HTMLFormElement>(null);
  const correcting = useSignal(false);
  const working = useSignal(false);
  const done = draft.state.value === "done";

  const end = async () => {
    if (done) return;
    if (await finish(draft)) tell(t("notes.finished", { title: draft.title }));
    else focusWrong(box.current);
  };
  useShortcut(KEYS.finish, end, !done);
  useShortcut(KEYS.urgent, () => draft.setUrgent(!draft.urgent.peek()), !done);
  useShortcut(KEYS.note, () => focusEmpty(box.current));
  useEffect(() => {
    if (wasChosen()) focusEmpty(box.current);
  }, []);

  return (
    <form
      ref={box}
      class="note"
      autocomplete="off"
      onSubmit={(event) => event.preventDefault()}
      onFocusOut={() => void (draft.dirty && draft.flush())}
    >
      {draft.newer.value !== null && <Newer draft={draft} stored={draft.newer.value} />}
      {draft.client.value !== subject.value?.client.id && (
        <p class="left-over">{t("notes.elsewhere", { client: clientName(draft.client.value) })}</p>
      )}
      <div class="fields">
        {draft.form.fields.map((field) => (
          <FieldInput key={field.id} draft={draft} field={field} readOnly={done} />
        ))}
      </div>
      <footer class="row">
        <Saved draft={draft} />
        <Button
          pressed={draft.urgent.value}
          class={draft.urgent.value ? "urgent" : ""}
          keys={KEYS.urgent}
          disabled={done}
          onClick={() => draft.setUrgent(!draft.urgent.value)}
        >
          {t("notes.urgent")}
        </Button>
        {done ? (
          <Button onClick={() => draft.reopen()}>{t("notes.reopen")}</Button>
        ) : (
          <Button look="main" keys={KEYS.finish} onClick={end}>
            {t("notes.finish")}
          </Button>
        )}
      </footer>
      {draft.saving.value !== "blank" && (
        <div class="row seldom">
          <button type="button" class="link small" onClick={() => (correcting.value = true)}>
            {t("notes.client")}
          </button>
          <button type="button" class="link small" onClick={() => (working.value = true)}>
            {t("tasks.of_call")}
          </button>
          {!done && <Delete draft={draft} />}
        </div>
      )}
      {working.value && (
        <TaskOfCall call={draft.call} title={draft.title} onClose={() => (working.value = false)} />
      )}
      {correcting.value && <WrongClient draft={draft} onClose={() => (correcting.value = false)} />}
    </form>
  );
}

function Saved({ draft }: { draft: Draft }) {
  const told = draft.toldAt.value;
  const at = draft.doneAt.value;
  const saving = draft.saving.value;
  const text =
    saving === "saved" && told !== null
      ? t("notes.told", { at: clockTime(told) })
      : saving === "saved" && at !== null
        ? t("notes.done", { at: clockTime(at) })
        : t(SAVING[saving]);
  return (
    <span class={`saving is-${saving} grow`} role="status">
      {text}
    </span>
  );
}

const SAVING = {
  blank: "notes.blank",
  saved: "notes.saved",
  saving: "notes.saving",
  unsaved: "notes.unsaved",
  refused: "notes.refused",
  newer: "notes.newer.short",
  gone: "notes.gone",
} as const;

function Delete({ draft }: { draft: Draft }) {
  const sure = useSignal(false);
  if (!sure.value) {
    return (
      <button type="button" class="link small" onClick={() => (sure.value = true)}>
        {t("notes.delete")}
      </button>
    );
  }
  return (
    <>
      <span class="small">{t("notes.delete.sure")}</span>
      <Button look="danger" onClick={() => drop(draft)}>
        {t("yes")}
      </Button>
      <Button onClick={() => (sure.value = false)}>{t("no")}</Button>
    </>
  );
}

const INPUTS = "input:not([type=checkbox]), select, textarea";

/** Where the agent begins to type: what must be filled in comes first. */
export function focusEmpty(form: HTMLElement | null): void {
  const inputs = [...(form?.querySelectorAll<HTMLInputElement>(INPUTS) ?? [])];
  const empty = inputs.filter((input) => input.value === "");
  (empty.find((input) => input.required) ?? empty[0] ?? inputs[0])?.focus();
}

function focusWrong(form: HTMLElement | null): void {
  // After the errors are drawn.
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}
