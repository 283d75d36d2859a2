/** The left half of the desk in a call: what to say first, what to know today, and about whom. */
import { language } from "../i18n/language";
import { call, inTalk, stage } from "./desk";
import { Contacts } from "./Contacts";
import { History } from "./History";
import { NewNotice, Notices } from "./Notices";
import type { Opening, Pop } from "./types";
import { t } from "./words";

export function ClientCard({ told }: { told: Pop }) {
  return (
    <section class="client" aria-label={t("pop.label")}>
      {told.client !== null && told.notices.length > 0 && (
        <Notices client={told.client.id} notices={told.notices} />
      )}
      <header>
        <h1>{told.client?.name ?? t("pop.unknown")}</h1>
        <p class="row soft">
          {told.open !== null && <OpenNow open={told.open} />}
          <span>{t("pop.did", { number: told.did_shown })}</span>
          {told.client !== null && told.client.language !== language.value && (
            <span class="chip">{languageName(told.client.language)}</span>
          )}
          {told.client !== null && <NewNotice client={told.client} />}
        </p>
      </header>
      {told.greeting !== "" && <Greeting text={told.greeting} />}
      <Caller told={told} />
      <div class="beside">
        <section>
          <h2>{t("pop.briefing")}</h2>
          {told.briefing === "" ? (
            <p class="soft">{t("pop.briefing.none")}</p>
          ) : (
            <p class="text briefing">{told.briefing}</p>
          )}
        </section>
        <Contacts told={told} />
      </div>
      <History told={told} />
    </section>
  );
}

function Greeting({ text }: { text: string }) {
  const present = call.value;
  const now = inTalk.value && present?.held === false && present.transfer === null;
  const words = stage.value === "ringing" ? "pop.soon" : now ? "pop.speak" : "pop.said";
  return (
    <figure class={`greeting ${now ? "now" : stage.value}`}>
      <figcaption>{t(words)}</figcaption>
      <blockquote class="text">{text}</blockquote>
    </figure>
  );
}

function OpenNow({ open }: { open: Opening }) {
  return (
    <>
      <span class={`chip ${open.state === "open" ? "good" : "bad"}`}>{t(`pop.${open.state}`)}</span>
      <span class="number">{hours(open.hours_today)}</span>
    </>
  );
}

function hours(today: readonly string[]): string {
  if (today.length === 0) return t("pop.today.none");
  const [only] = today;
  if (today.length === 1 && (only === "00:00-24:00" || only === "00:00-00:00")) return t("pop.all_day");
  return t("pop.today", { hours: today.map((one) => one.replace("-", "–")).join(", ") });
}

function Caller({ told }: { told: Pop }) {
  const rule = told.rule_note;
  return (
    <p class="caller row">
      <span class="soft">{t("pop.caller")}</span>
      {told.caller_name !== null && told.caller_name !== "" && <strong>{told.caller_name}</strong>}
      <span class="number">{told.withheld || told.caller_shown === null ? t("pop.withheld") : told.caller_shown}</span>
      {(rule === "vip" || told.treatment === "vip") && <span class="chip good">{t("pop.vip")}</span>}
      {rule === "never_put_through" && <span class="chip bad">{t("pop.never")}</span>}
    </p>
  );
}

function languageName(code: string): string {
  return new Intl.DisplayNames([language.value], { type: "language" }).of(code) ?? code;
}
