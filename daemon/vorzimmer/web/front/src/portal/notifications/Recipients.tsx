/** To whom a rule tells: addresses, the client's contacts, whoever is on call. */
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import type { People } from "../people/types";
import { CONTACT, ON_CALL, plain, whom } from "./rule";
import type { Channel, Rule } from "./types";
import { t } from "./words";

const MOST = 20;
/** Which keyboard a phone shows. */
const KEYBOARDS = { email: "email", sms: "tel", fax: "tel", webhook: "url" } as const satisfies Readonly<Record<Channel, string>>;

interface RecipientsProps {
  rule: Rule;
  people: People | null;
  wrong: Readonly<Record<string, string>>;
  set: (by: Partial<Rule>) => void;
}

export function Recipients({ rule, people, wrong, set }: RecipientsProps) {
  const { to, channel } = rule;
  const names = new Map(people?.contacts.map((one) => [one.id, one.name]));
  const put = (n: number, value: string) => set({ to: to.map((one, m) => (m === n ? value : one)) });
  const drop = (n: number) => set({ to: to.filter((_, m) => m !== n) });
  return (
    <fieldset class="stack">
      <legend>{t("rule.to")}</legend>
      {to.length === 0 && <p class={wrong["to"] === undefined ? "soft" : "wrong"}>{t("rule.to.nobody")}</p>}
      {to.map((one, n) => {
        const name = whom(one, names) || `${t(`rule.to.${channel}`)} ${n + 1}`;
        const away = (
          <Button label={`${t("remove")}: ${name}`} onClick={() => drop(n)}>
            {t("remove")}
          </Button>
        );
        if (one === ON_CALL || one.startsWith(CONTACT)) {
          return (
            <p key={n} class="row">
              <strong class="grow">{name}</strong>
              {away}
            </p>
          );
        }
        return (
          <div key={n} class="row end">
            <Field label={t(`rule.to.${channel}`)} class="grow" wrong={plain(wrong[`to.${n}`] ?? (n === 0 ? wrong["to"] : undefined))}>
              <input inputMode={KEYBOARDS[channel]} maxLength={500} value={one} onInput={(event) => put(n, event.currentTarget.value)} />
            </Field>
            {to.length > 1 && away}
          </div>
        );
      })}
      {to.length < MOST && (
        <div class="row end">
          <Button onClick={() => set({ to: [...to, ""] })}>{t("rule.to.add")}</Button>
          <ByName rule={rule} people={people} set={set} />
        </div>
      )}
    </fieldset>
  );
}

/** Contacts have neither a fax nor a server. */
function ByName({ rule, people, set }: Omit<RecipientsProps, "wrong">) {
  const options = [
    ...(people?.rota ? [{ value: ON_CALL, name: t("rule.to.on_call") }] : []),
    ...(people?.contacts ?? []).map((one) => ({ value: CONTACT + one.id, name: one.name })),
  ].filter(({ value }) => !rule.to.includes(value));
  if (options.length === 0 || rule.channel === "fax" || rule.channel === "webhook") return null;
  return (
    <Field label={t("rule.to.people")} class="grow">
      <select
        value=""
        onChange={(event) => {
          set({ to: [...rule.to.filter((one) => one !== ""), event.currentTarget.value] });
          event.currentTarget.value = "";
        }}
      >
        <option value="">{t("rule.to.choose")}</option>
        {options.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}
