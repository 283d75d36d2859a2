/** One field of a form, by its type. Whatever is typed is kept as it is; the server says what does not fit. */
import type { JSX } from "preact";
import { Field } from "../../ui/Field";
import type { FormField, NamedContact, Value } from "../types";
import { t } from "../words";
import type { Draft } from "./draft";
import { subject } from "./notes";

type InputAttributes = JSX.IntrinsicElements["input"];

interface Props {
  draft: Draft;
  field: FormField;
  readOnly: boolean;
}

const KINDS: Readonly<Record<string, InputAttributes>> = {
  phone: { type: "tel", inputMode: "tel" },
  email: { type: "email", inputMode: "email", spellcheck: false },
  date: { type: "date" },
  time: { type: "time" },
  number: { type: "text", inputMode: "decimal" },
};

export function FieldInput({ draft, field, readOnly }: Props) {
  const value = draft.values.value[field.id];
  const wrong = draft.wrong.value[field.id];
  if (field.type === "checkbox") {
    return (
      <label class={`tick ${wrong === undefined ? "" : "is-wrong"}`}>
        <input
          type="checkbox"
          checked={value === true}
          disabled={readOnly}
          onChange={(event) => draft.set(field.id, event.currentTarget.checked)}
        />
        {field.label}
        {wrong !== undefined && <small class="wrong">{wrong}</small>}
      </label>
    );
  }
  return (
    <Field
      label={field.required ? `${field.label} *` : field.label}
      wrong={wrong}
      class={field.type === "long_text" ? "broad" : ""}
    >
      {input(draft, field, asText(value), readOnly)}
    </Field>
  );
}

function input(draft: Draft, field: FormField, value: string, readOnly: boolean): JSX.Element {
  const shared = {
    value,
    name: field.id,
    required: field.required,
    // No `maxLength`: a browser would cut what is pasted, without a word.
    onInput: (event: { currentTarget: { value: string } }) => draft.set(field.id, event.currentTarget.value),
  };
  if (field.type === "long_text") return <textarea {...shared} readOnly={readOnly} rows={4} />;
  const options = optionsOf(draft, field);
  if (options !== null) {
    const known = value === "" || options.some(([name]) => name === value);
    return (
      <select {...shared} disabled={readOnly}>
        <option value="">{t("notes.choose")}</option>
        {[...options, ...(known ? [] : [[value, value] as const])].map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  return <input {...shared} {...KINDS[field.type]} readOnly={readOnly} />;
}

function optionsOf(draft: Draft, field: FormField): (readonly [string, string])[] | null {
  if (field.type === "choice") return field.choices.map((choice) => [choice, choice]);
  if (field.type === "contact") return contactsFor(draft).map((contact) => [contact.id, contact.name]);
  return null;
}

/** Of the note's client, which may be another than the call's by now. */
function contactsFor(draft: Draft): readonly NamedContact[] {
  return draft.contacts.value ?? subject.value?.pop?.contacts ?? [];
}

function asText(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}
