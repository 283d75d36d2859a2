/** A version of an announcement: its state, its sound, and what can be done with it. */
import { useSignal } from "@preact/signals";
import { post, remove, upload } from "../../api";
import { now } from "../../clock";
import { language } from "../../i18n/language";
import { said } from "../../i18n/sentences";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { at } from "../client";
import { Sure } from "../Sure";
import type { Version } from "./types";
import { dayAfter, dayAndTime, instant, iso, moment, today } from "../when";
import { isLater } from "./Announcements";
import { FileChoice } from "./FileChoice";
import { Player } from "./Player";
import { t, titleOf } from "./words";

interface VersionProps {
  version: Version;
  current: boolean;
  testNumber: string | null;
  reload: () => Promise<void>;
}

export function pathOf(version: Version): string {
  return at(`/announcements/${encodeURIComponent(version.name)}/versions/${version.id}`);
}

export function audioOf(version: Version): string {
  return `/api${pathOf(version)}/audio`;
}

const LOOKS = { waiting: "", refused: "bad", draft: "warn", approved: "good", withdrawn: "", ordered: "warn" } as const;

export function VersionCard({ version, current, testNumber, reload }: VersionProps) {
  const { state } = version;
  const sounds = state === "draft" || state === "approved" || state === "withdrawn";
  return (
    <article class="stack version" aria-label={madeHow(version)}>
      <p class="row">
        <span class={`tag ${LOOKS[state]}`} role="status">
          {isLater(version) ? t("state.later", { at: moment(version.effective_from ?? "") }) : t(`state.${state}`)}
        </span>
        {current && <span class="tag good">{t("heard.now")}</span>}
        <span class="grow">{madeHow(version)}</span>
      </p>
      {state === "waiting" && <progress aria-label={t("state.waiting")} />}
      {version.refused_because !== null && <p class="wrong">{said(version.refused_because)}</p>}
      {version.warning !== null && <p class="soft">{said(version.warning)}</p>}
      {version.text !== "" && <blockquote class="text">{version.text}</blockquote>}
      {sounds && (
        <Player
          source={audioOf(version)}
          title={`${titleOf(version.name)}, ${dayAndTime(version.created_at)}`}
          seconds={version.seconds ?? 0}
          peaks={version.peaks}
        />
      )}
      <p class="soft small">
        {t("made", { who: version.created_by, at: dayAndTime(version.created_at) })}
        {version.loudness !== null && ` · ${t("loudness", { n: decimal(version.loudness) })}`}
      </p>
      {sounds && <Test code={version.test_code} number={testNumber} />}
      <Acts version={version} reload={reload} />
    </article>
  );
}

function madeHow(version: Version): string {
  return t(`by.${version.production}`, { file: version.file_name });
}

function decimal(value: number): string {
  return value.toLocaleString(language.value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function Test({ code, number }: { code: string; number: string | null }) {
  return <p class="small">{number === null ? t("test.code", { code }) : t("test", { number, code })}</p>;
}

function Acts({ version, reload }: { version: Version; reload: () => Promise<void> }) {
  const path = pathOf(version);
  const then = async (doing: Promise<unknown>) => {
    await doing;
    await reload();
  };
  if (version.state === "ordered") {
    return (
      <>
        <FileChoice
          label={t("deliver")}
          onFile={(file) => then(upload(`${path}/file?filename=${encodeURIComponent(file.name)}`, file))}
        />
        <p>
          <Sure what={t("order.cancel")} of={madeHow(version)} onSure={() => then(remove(path))} />
        </p>
      </>
    );
  }
  return (
    <div class="row end">
      {version.state === "draft" && <Approve version={version} reload={reload} />}
      {version.state === "approved" && (
        <Sure what={t("withdraw")} of={madeHow(version)} onSure={() => then(post(`${path}/withdraw`))} />
      )}
      {(version.state === "draft" || version.state === "refused") && (
        <Sure what={t("delete")} of={madeHow(version)} onSure={() => then(remove(path))} />
      )}
    </div>
  );
}

function Approve({ version, reload }: { version: Version; reload: () => Promise<void> }) {
  const later = useSignal(false);
  const day = useSignal(dayAfter(today(), 1));
  const time = useSignal("00:00");
  const from = later.value ? instant(day.value, time.value) : null;
  const complete = !later.value || (from !== null && from > iso(now()));
  const approve = async () => {
    await post(`${pathOf(version)}/approve`, { from });
    tell(t("approve.done"));
    await reload();
  };
  return (
    <form class="row end" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("approve.from")}>
        <select value={later.value ? "later" : "now"} onChange={(event) => (later.value = event.currentTarget.value === "later")}>
          <option value="now">{t("approve.now")}</option>
          <option value="later">{t("approve.later")}</option>
        </select>
      </Field>
      {later.value && (
        <>
          <input
            type="date"
            class="narrow"
            aria-label={t("approve.later")}
            min={today()}
            value={day}
            onInput={(event) => (day.value = event.currentTarget.value)}
          />
          <input
            type="time"
            class="narrow"
            aria-label={t("approve.later")}
            value={time}
            onInput={(event) => (time.value = event.currentTarget.value)}
          />
        </>
      )}
      <Button look="strong" submits disabled={!complete} onClick={approve}>
        {t("approve")}
      </Button>
    </form>
  );
}
