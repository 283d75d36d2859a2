/** Whom callers are put through to, and who of them is on call when. */
import { useEffect } from "preact/hooks";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { at } from "../client";
import { draftOf, type Draft } from "../draft";
import { SaveBar, Waiting } from "../SaveBar";
import type { Contact, People } from "./types";
import { HoursChoice } from "./HoursChoice";
import { OnCallAt } from "./OnCallAt";
import { RotaEditor } from "./RotaEditor";
import { t } from "./words";

const MOST_NUMBERS = 5;
const RINGING = 25;

/** What the server is given of it. */
export function sentPeople({ version, contacts, rota }: People) {
  return { version, contacts: contacts.map(({ refused: _, ...contact }) => contact), rota };
}

export function Contacts() {
  const draft = draftOf<People>(at("/contacts"), sentPeople);
  useEffect(() => void draft.load(), [draft]);
  const told = draft.value.value;
  if (told === null) return <Waiting draft={draft} />;
  const complete = told.contacts.every((one) => one.name.trim() !== "" && one.numbers.every((number) => number.trim() !== ""));
  return (
    <>
      <div class="columns">
        <ContactList draft={draft} told={told} />
        <div class="stack">
          <RotaEditor told={told} onChange={(rota) => draft.change({ rota })} />
          <OnCallAt draft={complete ? told : null} />
        </div>
      </div>
      <SaveBar
        draft={draft}
        show={(value) => <InShort people={value} />}
        hindrance={complete ? undefined : t("wrong.contact")}
      />
    </>
  );
}

function ContactList({ draft, told }: { draft: Draft<People>; told: People }) {
  const { contacts } = told;
  const change = (news: readonly Contact[]) => draft.change({ contacts: news });
  const set = (n: number, by: Partial<Contact>) => change(contacts.map((one, m) => (m === n ? { ...one, ...by } : one)));
  return (
    <section class="card stack" aria-labelledby="contacts">
      <h2 id="contacts">{t("contacts")}</h2>
      <p class="soft">{t(contacts.length > 0 ? "contacts.why" : "contacts.none")}</p>
      <ul class="entries">
        {contacts.map((contact, n) => (
          <li key={contact.id}>
            <ContactEditor
              contact={contact}
              wrong={draft.wrong.value[`contacts.${n}.email`]}
              set={(by) => set(n, by)}
              onUp={n > 0 ? () => change(moved(contacts, n)) : undefined}
              onRemove={() => draft.change(without(told, contact.id))}
            />
          </li>
        ))}
      </ul>
      <p>
        <Button onClick={() => change([...contacts, begun(contacts)])}>{t("contact.add")}</Button>
      </p>
    </section>
  );
}

interface ContactEditorProps {
  contact: Contact;
  /** What is wrong with the e-mail address. */
  wrong: string | undefined;
  set: (by: Partial<Contact>) => void;
  onUp: (() => void) | undefined;
  onRemove: () => void;
}

function ContactEditor({ contact, wrong, set, onUp, onRemove }: ContactEditorProps) {
  const who = contact.name || t("contact.new");
  const { numbers } = contact;
  return (
    <fieldset class="stack">
      <legend class="unseen">{who}</legend>
      <div class="row end">
        <Field label={t("name")} class="grow">
          <input maxLength={80} value={contact.name} onInput={(event) => set({ name: event.currentTarget.value })} />
        </Field>
        <Field label={t("contact.role")} class="grow">
          <input maxLength={80} value={contact.role} onInput={(event) => set({ role: event.currentTarget.value })} />
        </Field>
        <Field label={t("contact.email")} class="grow" wrong={wrong}>
          <input type="email" maxLength={254} value={contact.email ?? ""} onInput={(event) => set({ email: event.currentTarget.value || null })} />
        </Field>
      </div>
      <div class="row end">
        {numbers.map((number, n) => (
          <Field key={n} label={t("contact.number", { n: n + 1 })} class="grow" wrong={n === 0 ? contact.refused : ""}>
            <input
              type="tel"
              maxLength={40}
              value={number}
              onInput={(event) => set({ numbers: numbers.map((one, m) => (m === n ? event.currentTarget.value : one)) })}
            />
          </Field>
        ))}
        {numbers.length > 1 && (
          <Button label={`${t("remove")}: ${t("contact.number", { n: numbers.length })}, ${who}`} onClick={() => set({ numbers: numbers.slice(0, -1) })}>
            −
          </Button>
        )}
        {numbers.length < MOST_NUMBERS && (
          <Button label={`${t("contact.number.add")}: ${who}`} onClick={() => set({ numbers: [...numbers, ""] })}>
            +
          </Button>
        )}
      </div>
      <HoursChoice label={t("contact.hours")} whose={who} hours={contact.hours} onChange={(hours) => set({ hours })} />
      <div class="row">
        {onUp !== undefined && (
          <Button label={`${t("up")}: ${who}`} onClick={onUp}>
            ↑
          </Button>
        )}
        <Button label={`${t("remove")}: ${who}`} onClick={onRemove}>
          {t("remove")}
        </Button>
      </div>
    </fieldset>
  );
}

function moved(contacts: readonly Contact[], n: number): readonly Contact[] {
  const news = [...contacts];
  news.splice(n - 1, 0, ...news.splice(n, 1));
  return news;
}

/** Who is removed is on call no more. */
function without(told: People, id: string): Partial<People> {
  const duties = told.rota?.duties.filter((duty) => duty.contact !== id) ?? [];
  return {
    contacts: told.contacts.filter((one) => one.id !== id),
    rota: told.rota === null || duties.length === 0 ? null : { ...told.rota, duties },
  };
}

function begun(contacts: readonly Contact[]): Contact {
  let n = contacts.length + 1;
  while (contacts.some((one) => one.id === `contact-${n}`)) n++;
  return { id: `contact-${n}`, name: "", role: "", email: null, numbers: [""], seconds: RINGING, hours: null, refused: "" };
}

function InShort({ people }: { people: People }) {
  return (
    <ul>
      {people.contacts.map((one) => (
        <li key={one.id}>
          {one.name}: {one.numbers.join(", ")}
        </li>
      ))}
    </ul>
  );
}
