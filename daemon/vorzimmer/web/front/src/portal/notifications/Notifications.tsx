/** Who is told of calls: by e-mail the simple way, and by rules whatever is less simple. */
import { useEffect } from "preact/hooks";
import { post } from "../../api";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { kindInWords, KINDS } from "../calls/CallList";
import { at } from "../client";
import { draftOf, type Draft } from "../draft";
import { SaveBar, Waiting } from "../SaveBar";
import { Rules } from "./Rules";
import { inShort, unfinished } from "./rule";
import type { Notifications as Told } from "./types";
import { t } from "./words";
import { WebhookSecret } from "./WebhookSecret";
import "./notifications.css";

const MOST = 20;

function sent({ version, to, of, rules }: Told) {
  return { version, to, of, rules };
}

export function Notifications() {
  const draft = draftOf<Told>(at("/notifications"), sent);
  useEffect(() => void draft.load(), [draft]);
  const told = draft.value.value;
  if (told === null) return <Waiting draft={draft} />;
  return (
    <>
      <Mail draft={draft} told={told} />
      <Rules draft={draft} told={told} />
      {told.rules.some((rule) => rule.channel === "webhook") && <WebhookSecret />}
      <SaveBar draft={draft} show={(value) => <InShort told={value} />} hindrance={hindrance(told)} />
    </>
  );
}

function Mail({ draft, told }: { draft: Draft<Told>; told: Told }) {
  const { to, of } = told;
  const wrong = draft.wrong.value;
  const test = async () => {
    const sentTo = await post<{ to: readonly string[] }>(at("/notifications/test"));
    tell(t("mail.test.done", { to: sentTo.to.join(", ") }));
  };
  return (
    <section class="card stack" aria-labelledby="mail">
      <h2 id="mail">{t("mail")}</h2>
      <p class="soft">{t(to.length > 0 ? "mail.why" : "mail.none")}</p>
      {to.map((address, n) => (
        <div key={n} class="row end">
          <Field label={t("mail.address", { n: n + 1 })} class="grow" wrong={wrong[`to.${n}`]}>
            <input
              type="email"
              value={address}
              onInput={(event) => draft.change({ to: to.map((one, m) => (m === n ? event.currentTarget.value : one)) })}
            />
          </Field>
          <Button
            label={`${t("remove")}: ${address || t("mail.address", { n: n + 1 })}`}
            onClick={() => draft.change({ to: to.filter((_, m) => m !== n) })}
          >
            {t("remove")}
          </Button>
        </div>
      ))}
      {to.length < MOST && (
        <p>
          <Button onClick={() => draft.change({ to: [...to, ""] })}>{t("mail.add")}</Button>
        </p>
      )}
      {to.length > 0 && (
        <>
          <Kinds of={of} onChange={(kinds) => draft.change({ of: kinds })} />
          <p class="row">
            <Button disabled={draft.dirty.value} title={t("mail.test.why")} onClick={test}>
              {t("mail.test")}
            </Button>
            <span class="soft">{t("mail.test.why")}</span>
          </p>
        </>
      )}
    </section>
  );
}

function Kinds({ of, onChange }: { of: readonly string[]; onChange: (kinds: readonly string[]) => void }) {
  return (
    <fieldset class="stack">
      <legend>{t("mail.of")}</legend>
      {of.length === 0 && <p class="soft">{t("mail.of.all")}</p>}
      <div class="kinds">
        {KINDS.map((kind) => (
          <label key={kind} class="check">
            <input
              type="checkbox"
              checked={of.includes(kind)}
              onChange={(event) => onChange(event.currentTarget.checked ? [...of, kind] : of.filter((one) => one !== kind))}
            />
            {kindInWords(kind)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function InShort({ told }: { told: Told }) {
  return (
    <ul>
      <li>{told.to.join(", ") || t("mail.none")}</li>
      {told.rules.map((rule, n) => (
        <li key={rule.id}>{inShort(rule, n)}</li>
      ))}
    </ul>
  );
}

function hindrance(told: Told): string | undefined {
  if (told.to.some((address) => address.trim() === "")) return t("mail.empty");
  const n = told.rules.findIndex(unfinished);
  return n < 0 ? undefined : t("rules.unfinished", { n: n + 1 });
}
