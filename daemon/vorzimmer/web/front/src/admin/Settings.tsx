/** What the operator alone sets of a client: how its calls are answered. */
import { useEffect } from "preact/hooks";
import { at } from "../portal/client";
import { draftOf } from "../portal/draft";
import { SaveBar, Waiting } from "../portal/SaveBar";
import { Field } from "../ui/Field";
import type { ClientSettings } from "./types";
import { t } from "./words";

const LINES = [
  ["name", "name", 120],
  ["timezone", "set.timezone", 64],
  ["greeting", "set.greeting", 500],
  ["team", "set.team", 63],
] as const;
const NUMBERS = [
  ["priority", "set.priority", 9],
  ["note_wait", "set.note_wait", 3600],
] as const;

export function Settings() {
  const draft = draftOf<ClientSettings>(at("/settings"));
  useEffect(() => void draft.load(), [draft]);
  const told = draft.value.value;
  if (told === null) return <Waiting draft={draft} />;
  const wrong = draft.wrong.value;
  return (
    <>
      <form class="card stack" onSubmit={(event) => event.preventDefault()}>
        {LINES.map(([field, label, longest]) => (
          <Field key={field} label={t(label)} wrong={wrong[field]}>
            <input
              maxLength={longest}
              value={told[field] ?? ""}
              onInput={(event) => {
                const typed = event.currentTarget.value;
                draft.change({ [field]: field === "team" && typed === "" ? null : typed });
              }}
            />
          </Field>
        ))}
        <Field label={t("set.language")} wrong={wrong["language"]}>
          <select value={told.language} onChange={(event) => draft.change({ language: event.currentTarget.value })}>
            {["de", "en", "zh"].map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("set.briefing")} wrong={wrong["briefing"]}>
          <textarea maxLength={10_000} value={told.briefing} onInput={(event) => draft.change({ briefing: event.currentTarget.value })} />
        </Field>
        <Field label={t("set.skills")} wrong={wrong["skills"]}>
          <input value={told.skills.join(", ")} onChange={(event) => draft.change({ skills: listed(event.currentTarget.value) })} />
        </Field>
        {NUMBERS.map(([field, label, most]) => (
          <Field key={field} label={t(label)} wrong={wrong[field]}>
            <input
              type="number"
              min={0}
              max={most}
              value={told[field]}
              onChange={(event) => {
                const typed = event.currentTarget.valueAsNumber;
                if (typed >= 0 && typed <= most) draft.change({ [field]: Math.floor(typed) });
              }}
            />
          </Field>
        ))}
        <label class="check">
          <input type="checkbox" checked={told.secrecy} onChange={(event) => draft.change({ secrecy: event.currentTarget.checked })} />
          {t("set.secrecy")}
        </label>
      </form>
      <SaveBar draft={draft} show={(value) => <p class="text">{[value.name, value.greeting, value.briefing].join("\n")}</p>} />
    </>
  );
}

function listed(typed: string): readonly string[] {
  return typed.split(",").map((one) => one.trim()).filter(Boolean);
}
