/** What the client says of its day: above everything else, until its time; written here by whoever is told it. */
import { useSignal } from "@preact/signals";
import { post, remove } from "../api";
import { now } from "../clock";
import { clockTime, day, isoDay } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { tell } from "../ui/said";
import { KEYS, useShortcut } from "./shortcuts";
import type { Notice } from "./types";
import { t } from "./words";

const LONGEST = 500;
const EVENING = "18:00";
const MIDNIGHT = "23:59";

export function Notices({ client, notices }: { client: string; notices: readonly Notice[] }) {
  return (
    <section class="notices" aria-label={t("pop.notices")}>
      <ul>
        {notices.map((notice) => (
          <li key={notice.id}>
            <strong class="text">{notice.text}</strong>{" "}
            <span class="number">{notice.until !== null && t("pop.until", { at: until(notice.until) })}</span>{" "}
            {notice.spoken && (
              <>
                <audio controls preload="none" src={`/api${at(client, notice)}/audio`} aria-label={t("pop.hear")} />{" "}
              </>
            )}
            <small>{notice.by !== null && t("pop.by", { who: notice.by })}</small>{" "}
            <TakeBack client={client} notice={notice} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function at(client: string, notice: Notice): string {
  return `/clients/${encodeURIComponent(client)}/notices/${notice.id}`;
}

function TakeBack({ client, notice }: { client: string; notice: Notice }) {
  const sure = useSignal(false);
  if (!sure.value) {
    return (
      <button type="button" class="link small" onClick={() => (sure.value = true)}>
        {t("notice.delete")}
      </button>
    );
  }
  return (
    <span class="row">
      <span class="small">{t("notes.delete.sure")}</span>
      <Button look="danger" onClick={() => remove(at(client, notice))}>
        {t("yes")}
      </Button>
      <Button onClick={() => (sure.value = false)}>{t("no")}</Button>
    </span>
  );
}

export function NewNotice({ client }: { client: { id: string; name: string } }) {
  const writing = useSignal(false);
  useShortcut(KEYS.notice, () => (writing.value = true));
  return (
    <>
      <button type="button" class="link small" aria-keyshortcuts={KEYS.notice} onClick={() => (writing.value = true)}>
        {t("notice.new")}
      </button>
      {writing.value && <Writing client={client} onClose={() => (writing.value = false)} />}
    </>
  );
}

function Writing({ client, onClose }: { client: { id: string; name: string }; onClose: () => void }) {
  const text = useSignal("");
  const date = useSignal(isoDay(told(now())));
  const time = useSignal(clockTime(told(now())) < EVENING ? EVENING : MIDNIGHT);
  const write = async () => {
    const ends = told(instant(date.value, time.value));
    await post(`/clients/${encodeURIComponent(client.id)}/notices`, { text: text.value, until: ends });
    tell(t("notice.written", { client: client.name, at: until(ends) }));
    onClose();
  };
  return (
    <Dialog title={t("notice.title", { client: client.name })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("notice.text")}>
          <input value={text} maxLength={LONGEST} onInput={(event) => (text.value = event.currentTarget.value)} />
        </Field>
        <div class="row">
          <Field label={t("notice.until.day")}>
            <input type="date" value={date} onInput={(event) => (date.value = event.currentTarget.value)} />
          </Field>
          <Field label={t("notice.until.time")}>
            <input type="time" value={time} onInput={(event) => (time.value = event.currentTarget.value)} />
          </Field>
        </div>
        <Button
          look="main"
          submits
          disabled={text.value.trim() === "" || date.value === "" || time.value === ""}
          onClick={write}
        >
          {t("notice.do")}
        </Button>
      </form>
    </Dialog>
  );
}

/** The time of day, and the day where it is not today. */
function until(at: string): string {
  return isoDay(at) === isoDay(told(now())) ? clockTime(at) : `${day(at)} ${clockTime(at)}`;
}

function told(at: number): string {
  return new Date(at).toISOString();
}

/** When the house's clocks show this: milliseconds since 1970. */
function instant(date: string, time: string): number {
  const there = Date.parse(`${date}T${time}Z`);
  const shown = Date.parse(`${isoDay(told(there))}T${clockTime(told(there))}Z`);
  return there - (shown - there);
}
