/** The right half of the desk: the notes of the call that is shown, one of them open. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Button } from "../../ui/Button";
import { AnswersOf } from "../Answers";
import { stage } from "../desk";
import { Result } from "../Result";
import { KEYS, useShortcut } from "../shortcuts";
import { t } from "../words";
import type { Draft } from "./draft";
import { NoteForm } from "./NoteForm";
import { choose, current, isLeftOver, ofSubject, putAside, begin, subject } from "./notes";

export function NotesPanel() {
  const about = subject.value;
  useShortcut(KEYS.aside, putAside, isLeftOver.value);
  if (about === null) return null;
  return (
    <section class="notes" aria-label={t("notes.label")}>
      <header class="row">
        <h2 class="grow">
          {t("notes.title")} <span class="soft">{t("notes.for", { client: about.client.name })}</span>
        </h2>
        {isLeftOver.value ? (
          <Button keys={KEYS.aside} onClick={putAside}>
            {t("notes.aside")}
          </Button>
        ) : (
          stage.value !== "ringing" && <Result call={about.call} />
        )}
      </header>
      {isLeftOver.value && <p class="left-over">{t(about.pop === null ? "notes.earlier" : "state.over")}</p>}
      {isLeftOver.value && <AnswersOf key={about.call} call={about.call} />}
      <Tabs />
      {current.value === null ? (
        <p class="soft">{t("notes.none")}</p>
      ) : (
        <NoteForm key={current.value.id} draft={current.value} />
      )}
    </section>
  );
}

/** The notes there are, and the forms for another one. */
function Tabs() {
  const about = subject.value;
  const choosing = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const blank = current.value?.saving.value === "blank" ? current.value : null;
  const add = () => {
    const forms = about?.forms ?? [];
    if (forms.length === 1) begin(forms[0]);
    else if (blank !== null) focusNew(box.current);
    else {
      choosing.value = !choosing.value;
      requestAnimationFrame(() => focusNew(box.current));
    }
  };
  useShortcut(KEYS.new_note, add, (about?.forms.length ?? 0) > 0);
  if (about === null) return null;
  return (
    <div ref={box} class="tabs row">
      {ofSubject.value.map((draft) => (
        <Tab key={draft.id} draft={draft} />
      ))}
      {blank !== null ? (
        <Forms chosen={blank.form.id} onChosen={begin} />
      ) : (
        about.forms.length > 0 && (
          <>
            <Button keys={KEYS.new_note} onClick={add} label={t("notes.new")} pressed={choosing.value}>
              +
            </Button>
            {choosing.value && (
              <Forms
                onChosen={(form) => {
                  choosing.value = false;
                  begin(form);
                }}
              />
            )}
          </>
        )
      )}
    </div>
  );
}

function focusNew(box: HTMLElement | null): void {
  box?.querySelector<HTMLElement>(".tab.new")?.focus();
}

function Tab({ draft }: { draft: Draft }) {
  const done = draft.state.value === "done";
  return (
    <button
      type="button"
      class="tab"
      aria-pressed={current.value === draft}
      onClick={() => choose(draft)}
    >
      {done ? "✓ " : ""}
      {draft.urgent.value ? "! " : ""}
      {draft.title}
    </button>
  );
}

function Forms({ chosen, onChosen }: { chosen?: string; onChosen: typeof begin }) {
  const forms = subject.value?.forms ?? [];
  return (
    <div class="row" role="group" aria-label={t("notes.which")}>
      {forms.map((form) => (
        <button
          key={form.id}
          type="button"
          class="tab new"
          aria-pressed={form.id === chosen}
          onClick={() => form.id !== chosen && onChosen(form)}
        >
          {form.title}
        </button>
      ))}
    </div>
  );
}
