/** Work for clients: what was done today, and what is begun next. */
import { useSignal } from "@preact/signals";
import { duration, secondsSince } from "../clock";
import { clockTime } from "../i18n/language";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { clientName, clients } from "./clients";
import { running, start, stop, tasks } from "./work";
import { t } from "./words";

const LONGEST = 200;

export function Tasks() {
  const client = useSignal("");
  const what = useSignal("");
  const begin = async () => {
    await start(what.value.trim(), { client: client.value });
    what.value = "";
  };
  return (
    <section class="card tasks">
      <h2>{t("tasks.title")}</h2>
      {tasks.value.length === 0 && <p class="soft">{t("tasks.none")}</p>}
      <ul>
        {tasks.value.map((task) => (
          <li key={task.id} class="row">
            <span class="number">{clockTime(task.started_at)}</span>
            <span class="grow">
              <strong>{clientName(task.client)}</strong> {task.what}
            </span>
            <span class="number">{lasted(task.started_at, task.ended_at)}</span>
          </li>
        ))}
      </ul>
      <div class="stack">
        <Field label={t("tasks.client")}>
          <select value={client} onChange={(event) => (client.value = event.currentTarget.value)}>
            <option value="">{t("notes.choose")}</option>
            {clients.value.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("tasks.what")}>
          <input value={what} maxLength={LONGEST} onInput={(event) => (what.value = event.currentTarget.value)} />
        </Field>
        <Button disabled={client.value === "" || what.value.trim() === ""} onClick={begin}>
          {t("tasks.start")}
        </Button>
      </div>
    </section>
  );
}

/** The stretch that lasts, with the way to end it; it stands at the bottom of the desk in a call too. */
export function RunningTask() {
  const task = running.value;
  if (task === null) return null;
  return (
    <p class="running row">
      <span>{t("tasks.running", { client: clientName(task.client), what: task.what })}</span>
      <span class="number">{lasted(task.started_at, null)}</span>
      <Button label={`${t("tasks.stop")}: ${task.what}`} onClick={() => stop(task)}>
        {t("tasks.stop")}
      </Button>
    </p>
  );
}

/** Work that a call brings with it. */
export function TaskOfCall({ call, title, onClose }: { call: string; title: string; onClose: () => void }) {
  const what = useSignal(title);
  const begin = async () => {
    await start(what.value.trim(), { call });
    onClose();
  };
  return (
    <Dialog title={t("tasks.of_call")} onClose={onClose}>
      <div class="stack">
        <Field label={t("tasks.what")}>
          <input value={what} maxLength={LONGEST} onInput={(event) => (what.value = event.currentTarget.value)} />
        </Field>
        <Button look="main" disabled={what.value.trim() === ""} onClick={begin}>
          {t("tasks.start")}
        </Button>
      </div>
    </Dialog>
  );
}

function lasted(from: string, until: string | null): string {
  return duration(until === null ? secondsSince(from) : secondsSince(from, Date.parse(until)));
}
