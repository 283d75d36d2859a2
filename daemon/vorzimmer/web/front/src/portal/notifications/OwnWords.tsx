/** The client's own words for a message. */
import { Field } from "../../ui/Field";
import { plain } from "./rule";
import type { Rule } from "./types";
import { t } from "./words";

const FIRST = "{{ headline }}\n{{ date }}, {{ time }}\n\n{% for note in notes %}{% for entry in note.entries %}{{ entry.label }}: {{ entry.text }}\n{% endfor %}{% endfor %}";

interface OwnWordsProps {
  rule: Rule;
  wrong: Readonly<Record<string, string>>;
  set: (by: Partial<Rule>) => void;
}

export function OwnWords({ rule, wrong, set }: OwnWordsProps) {
  const { template } = rule;
  return (
    <fieldset class="stack">
      <legend>{t("rule.own")}</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={template !== null}
          onChange={(event) => set({ template: event.currentTarget.checked ? { subject: "", body: FIRST } : null })}
        />
        {t("rule.own.use")}
      </label>
      {template !== null && (
        <>
          {rule.channel === "email" && (
            <Field label={t("rule.own.subject")} hint={t("rule.own.subject.hint")} wrong={plain(wrong["template.subject"])}>
              <input
                maxLength={300}
                value={template.subject}
                onInput={(event) => set({ template: { ...template, subject: event.currentTarget.value } })}
              />
            </Field>
          )}
          <Field label={t("rule.own.body")} hint={t("rule.own.hint")} wrong={plain(wrong["template.body"])}>
            <textarea
              class="words"
              rows={8}
              maxLength={10_000}
              spellcheck={false}
              value={template.body}
              onInput={(event) => set({ template: { ...template, body: event.currentTarget.value } })}
            />
          </Field>
        </>
      )}
    </fieldset>
  );
}
