/** A day by quarters of an hour and by agents, and its calls as a file. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../api";
import { duration } from "../clock";
import { clockTime } from "../i18n/language";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { tellProblem } from "../ui/said";
import { Plot } from "./Plot";
import { percentOf } from "./Tiles";
import type { AgentDay, History as Told, Quarter } from "./types";
import { t } from "./words";

const MOST_DAYS = 31;
const DAY_MS = 86_400_000;
const HOUR_QUARTERS = 4;

export function History({ today }: { today: string }) {
  const day = useSignal(today);
  const told = useSignal<Told | null>(null);
  const load = async () => {
    if (day.value !== "") told.value = await get<Told>(`/wall/history?day=${encodeURIComponent(day.value)}`);
  };
  useEffect(() => void load().catch(tellProblem), [day.value]);
  return (
    <div class="stack">
      <div class="row">
        <Field label={t("history.day")} class="day">
          <input type="date" max={today} value={day} onInput={(event) => (day.value = event.currentTarget.value)} />
        </Field>
        <Button onClick={load}>{t("history.reload")}</Button>
      </div>
      {told.value !== null && <Day told={told.value} />}
    </div>
  );
}

function Day({ told }: { told: Told }) {
  const quarters = spoken(told.quarters);
  return (
    <>
      <h3>{t("history.quarters")}</h3>
      <Plot bars={quarters.map((one) => ({ ...one, begin: one.since }))} every={HOUR_QUARTERS} width={1200} />
      <div class="columns">
        <Quarters told={told} quarters={quarters.filter((one) => one.offered > 0)} />
        <Work agents={told.agents} />
      </div>
    </>
  );
}

/** Whole hours, from the first call's to the last one's; a day without calls from eight to six. */
function spoken(quarters: readonly Quarter[]): readonly Quarter[] {
  const busy = quarters.flatMap((one, n) => (one.offered > 0 ? [n] : []));
  const first = busy[0] ?? 8 * HOUR_QUARTERS;
  const last = busy[busy.length - 1] ?? 18 * HOUR_QUARTERS - 1;
  const from = first - (first % HOUR_QUARTERS);
  return quarters.slice(from, Math.max(last + HOUR_QUARTERS - (last % HOUR_QUARTERS), from + 4 * HOUR_QUARTERS));
}

function Quarters({ told, quarters }: { told: Told; quarters: readonly Quarter[] }) {
  const rows = quarters.map((one) => ({ ...one, key: one.since, name: clockTime(one.since) }));
  return (
    <table class="figures">
      <thead>
        <tr>
          <th scope="col">{t("begin")}</th>
          <th scope="col">{t("offered")}</th>
          <th scope="col">{t("answered")}</th>
          <th scope="col">{t("abandoned")}</th>
          <th scope="col">{t("level")}</th>
        </tr>
      </thead>
      <tbody>
        {[...rows, { ...told.whole, key: "", name: t("whole.day") }].map((row) => (
          <tr key={row.key}>
            <th scope="row">{row.name}</th>
            <td>{row.offered}</td>
            <td>{row.answered}</td>
            <td>{row.abandoned}</td>
            <td>{percentOf(row.percent)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Work({ agents }: { agents: readonly AgentDay[] }) {
  if (agents.length === 0) return <p class="soft">{t("history.agents.none")}</p>;
  return (
    <table class="figures">
      <caption>{t("history.agents")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("agent")}</th>
          <th scope="col">{t("history.calls")}</th>
          <th scope="col">{t("history.talk")}</th>
          <th scope="col">{t("history.wrap_up")}</th>
          <th scope="col">{t("history.pause")}</th>
        </tr>
      </thead>
      <tbody>
        {agents.map((agent) => (
          <tr key={agent.agent}>
            <th scope="row">{agent.name}</th>
            <td>{agent.calls}</td>
            <td>{duration(agent.talk)}</td>
            <td>{duration(agent.wrap_up)}</td>
            <td>{duration(agent.pause)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Export({ today }: { today: string }) {
  const from = useSignal(today);
  const to = useSignal(today);
  const days = (Date.parse(to.value) - Date.parse(from.value)) / DAY_MS;
  const right = days >= 0 && days < MOST_DAYS;
  return (
    <div class="stack">
      <div class="row">
        <Field label={t("export.from")} class="day">
          <input type="date" value={from} onInput={(event) => (from.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("export.to")} class="day">
          <input type="date" value={to} onInput={(event) => (to.value = event.currentTarget.value)} />
        </Field>
        {right && (
          <a class="button" download href={`/api/wall/export.csv?from=${from.value}&to=${to.value}`}>
            {t("export.do")}
          </a>
        )}
      </div>
      <p class={right ? "soft small" : "wrong"} role={right ? undefined : "alert"}>
        {t(right ? "export.limit" : "export.wrong")}
      </p>
    </div>
  );
}
