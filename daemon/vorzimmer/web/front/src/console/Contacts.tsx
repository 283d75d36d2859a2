/** Whom the caller can be put through to: a click or one key each, after asking or at once. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { said } from "../i18n/sentences";
import { Button } from "../ui/Button";
import { Keys } from "../ui/Keys";
import { call, doCall, inTalk } from "./desk";
import { KEYS, useShortcut } from "./shortcuts";
import type { Contact, Pop } from "./types";
import { t } from "./words";

const putThrough = (to: string, attended: boolean) => doCall("transfer", { to, attended });

export function Contacts({ told }: { told: Pop }) {
  const can = inTalk.value && call.value?.transfer === null;
  return (
    <section class="contacts">
      <h2>{t("contacts.title")}</h2>
      {told.contacts.length === 0 && <p class="soft">{t("contacts.none")}</p>}
      <ul>
        {told.contacts.map((contact) => (
          <Person key={contact.id} contact={contact} can={can} />
        ))}
        {told.rota && <Rota can={can} />}
      </ul>
      {told.client !== null && <Typed can={can} />}
    </section>
  );
}

function Person({ contact, can }: { contact: Contact; can: boolean }) {
  const { id, name, place } = contact;
  const may = can && contact.can_be_put_through;
  const keyed = place <= 9;
  const ask = () => putThrough(`contact:${id}`, true);
  const blind = () => putThrough(`contact:${id}`, false);
  useShortcut(`Alt+${place}`, ask, may && keyed);
  useShortcut(`Alt+Shift+${place}`, blind, may && keyed);
  return (
    <li class={contact.can_be_put_through ? "" : "not"}>
      <span class="who">
        <strong>{name}</strong> <small class="soft">{contact.role}</small>
        {contact.on_call && <span class="chip good">{t("contacts.on_call")}</span>}
        {contact.why_not !== null && <small class="why-not">{why(contact.why_not, name)}</small>}
      </span>
      {contact.can_be_put_through && (
        <>
          <Button
            keys={keyed ? `Alt+${place}` : undefined}
            label={t("contacts.ask.label", { who: name })}
            disabled={!may}
            onClick={ask}
          >
            {t("contacts.ask")}
          </Button>
          <Button
            label={t("contacts.blind.label", { who: name })}
            title={keyed ? `Alt+Shift+${place}` : undefined}
            disabled={!may}
            onClick={blind}
          >
            {t("contacts.blind")}
          </Button>
        </>
      )}
    </li>
  );
}

/** Beside the name, which need not be said twice. */
function why(sentence: string, name: string): string {
  const told = said(sentence);
  return told.startsWith(`${name} `) ? told.slice(name.length + 1) : told;
}

function Rota({ can }: { can: boolean }) {
  const ask = () => putThrough("rota", true);
  useShortcut(KEYS.rota, ask, can);
  return (
    <li>
      <span class="who">
        <strong>{t("contacts.rota")}</strong>
      </span>
      <Button keys={KEYS.rota} disabled={!can} label={t("contacts.ask.label", { who: t("contacts.rota") })} onClick={ask}>
        {t("contacts.ask")}
      </Button>
      <Button
        disabled={!can}
        label={t("contacts.blind.label", { who: t("contacts.rota") })}
        onClick={() => putThrough("rota", false)}
      >
        {t("contacts.blind")}
      </Button>
    </li>
  );
}

/** A number of a contact, or a colleague by name or extension. */
function Typed({ can }: { can: boolean }) {
  const to = useSignal("");
  const box = useRef<HTMLInputElement>(null);
  useShortcut(KEYS.put_through, () => box.current?.focus());
  useEffect(() => {
    to.value = "";
  }, [call.value?.id]);
  const go = async (attended: boolean) => {
    if (to.value.trim() !== "" && can) await putThrough(to.value.trim(), attended);
  };
  const none = !can || to.value.trim() === "";
  return (
    <form
      class="typed"
      onSubmit={(event) => {
        event.preventDefault();
        void go(true);
      }}
    >
      <label>
        <span class="unseen">{t("contacts.typed")}</span>
        <input
          ref={box}
          value={to}
          maxLength={80}
          autocomplete="off"
          spellcheck={false}
          placeholder={t("contacts.typed")}
          aria-keyshortcuts={KEYS.put_through}
          onInput={(event) => (to.value = event.currentTarget.value)}
        />
        <Keys keys={KEYS.put_through} />
      </label>
      <Button disabled={none} label={t("contacts.ask.label", { who: to.value })} onClick={() => go(true)}>
        {t("contacts.ask")}
      </Button>
      <Button disabled={none} label={t("contacts.blind.label", { who: to.value })} onClick={() => go(false)}>
        {t("contacts.blind")}
      </Button>
    </form>
  );
}
