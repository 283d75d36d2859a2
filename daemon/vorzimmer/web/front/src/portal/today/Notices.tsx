/** What everybody who answers for the client is told today. */
import { useSignal } from "@preact/signals";
import { post, remove } from "../../api";
import { now } from "../../clock";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Show, useAsked, type Asked } from "../asked";
import { at } from "../client";
import type { Notice } from "./types";
import { Sure } from "../Sure";
import { instant, iso, moment, today, wallClock } from "../when";
import { t } from "./words";

const LONGEST = 500;
const EVENING = "18:00";
const MIDNIGHT = "23:59";

export function Notices() {
  const notices = useAsked<readonly Notice[]>(at("/notices"));
  return (
    <section class="card stack" aria-labelledby="today-notices">
      <h2 id="today-notices">{t("notices")}</h2>
      <p class="soft">{t("notices.why")}</p>
      <Show of={notices}>{(found) => <Current notices={found} reload={notices.reload} />}</Show>
      <Writing notices={notices} />
    </section>
  );
}

function Current({ notices, reload }: { notices: readonly Notice[]; reload: () => Promise<void> }) {
  if (notices.length === 0) return <p>{t("notices.none")}</p>;
  return (
    <ul class="entries">
      {notices.map((notice) => (
        <li key={notice.id} class="row">
          <p class="grow">
            <strong class="text">{notice.text}</strong>
            <br />
            <small class="soft">
              {t("notices.until", { at: moment(notice.until) })}, {t("notices.by", { who: notice.by })}
            </small>
          </p>
          {notice.spoken && (
            <audio
              controls
              preload="none"
              src={`/api${at(`/notices/${notice.id}/audio`)}`}
              aria-label={t("notices.spoken", { who: notice.by })}
            />
          )}
          <Sure
            what={t("delete")}
            of={notice.text}
            onSure={async () => {
              await remove(at(`/notices/${notice.id}`));
              await reload();
            }}
          />
        </li>
      ))}
    </ul>
  );
}

function Writing({ notices }: { notices: Asked<readonly Notice[]> }) {
  const text = useSignal("");
  const day = useSignal(today());
  const time = useSignal(wallClock(now()) < EVENING ? EVENING : MIDNIGHT);
  const until = instant(day.value, time.value);
  const write = async () => {
    await post(at("/notices"), { text: text.value.trim(), until });
    text.value = "";
    await notices.reload();
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("notices.text")} hint={t("notices.example")}>
        <input value={text} maxLength={LONGEST} onInput={(event) => (text.value = event.currentTarget.value)} />
      </Field>
      <div class="row end">
        <Field label={t("switch.until.day")} class="grow">
          <input type="date" min={today()} value={day} onInput={(event) => (day.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("switch.until.time")} class="grow">
          <input type="time" value={time} onInput={(event) => (time.value = event.currentTarget.value)} />
        </Field>
        <Button
          look="main"
          submits
          disabled={text.value.trim() === "" || until === null || until <= iso(now())}
          onClick={write}
        >
          {t("notices.write")}
        </Button>
      </div>
    </form>
  );
}
