/** The coming week: the calls that are expected, and the agents that they take by Erlang C and A. */
import { useSignal } from "@preact/signals";
import { Show, useAsked } from "../portal/asked";
import { dayInWords } from "../portal/when";
import { Field } from "../ui/Field";
import { round } from "./Bars";
import type { HalfHour, Staffing } from "./types";
import { dayShort, number, t } from "./words";

const WIDTH = 960;
const LEFT = 48;
const TALL = 110;
const FOOT = 22;

export function Week() {
  const level = useSignal(80);
  const within = useSignal(20);
  const asked = useAsked<Staffing>(`/statistics/staffing?target=${level.value / 100}&within=${within.value}`);
  return (
    <section class="card stack statistics" aria-labelledby="statistics-week">
      <h2 id="statistics-week">{t("staffing")}</h2>
      <div class="row choices">
        <Field label={t("level_wanted")}>
          <select value={level.value} onChange={(event) => (level.value = Number(event.currentTarget.value))}>
            {[70, 75, 80, 85, 90, 95].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <Field label={t("within")}>
          <select value={within.value} onChange={(event) => (within.value = Number(event.currentTarget.value))}>
            {[10, 15, 20, 30, 60].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
      </div>
      <Show of={asked}>{(plan) => <Plan plan={plan} />}</Show>
    </section>
  );
}

function Plan({ plan }: { plan: Staffing }) {
  const halves = plan.half_hours;
  const patience = plan.patience === null ? t("patient") : t("patience", { n: number(plan.patience) });
  const byA = halves.every((one) => one.agents_a !== null) ? halves.map((one) => one.agents_a ?? 0) : null;
  return (
    <>
      <Steps title={t("expected")} halves={halves} area={halves.map((one) => one.calls)} look="other" />
      <Steps title={t(byA === null ? "needed.c" : "needed")} halves={halves} area={halves.map((one) => one.agents_c)} line={byA} look="taken" />
      <Days halves={halves} />
      <p class="soft small">{t("assumed", { handling: number(plan.handling), patience })}</p>
    </>
  );
}

interface StepsProps {
  title: string;
  halves: readonly HalfHour[];
  area: readonly number[];
  line?: readonly number[] | null;
  look: string;
}

function Steps({ title, halves, area, line = null, look }: StepsProps) {
  const most = round(Math.max(1, ...area, ...(line ?? [])));
  const step = (WIDTH - LEFT) / Math.max(1, halves.length);
  const y = (value: number) => (TALL - (value / most) * (TALL - 8)).toFixed(1);
  const x = (n: number) => (LEFT + n * step).toFixed(1);
  const path = (values: readonly number[]) => values.map((value, n) => `L${x(n)} ${y(value)}H${x(n + 1)}`).join("");
  const days = midnights(halves);
  return (
    <figure class="plot">
      <figcaption class="soft">{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${TALL + FOOT}`} role="img" aria-label={title}>
        {[0, most / 2, most].filter(Number.isInteger).map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} class="rule" />
            <text x={LEFT - 6} y={Number(y(value)) + 4} text-anchor="end">
              {number(value)}
            </text>
          </g>
        ))}
        <path d={`M${LEFT} ${y(0)}${path(area)}L${WIDTH} ${y(0)}Z`} class={look} />
        {line !== null && <path d={`M${LEFT} ${y(0)}${path(line)}`} class="second" />}
        {days.map((first, n) => (
          <g key={first}>
            <line x1={x(first)} x2={x(first)} y1={0} y2={TALL} class="rule" />
            <text x={(Number(x(first)) + Number(x(days[n + 1] ?? halves.length))) / 2} y={TALL + FOOT - 6} text-anchor="middle">
              {dayShort(halves[first]?.at.slice(0, 10) ?? "")}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}

function Days({ halves }: { halves: readonly HalfHour[] }) {
  const days = midnights(halves);
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t("staffing.table")}>
      <table class="numbers">
        <thead>
          <tr>
            {(["day", "offered", "busiest", "most", "hours"] as const).map((name) => (
              <th key={name} scope="col">
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((first, n) => {
            const day = halves.slice(first, days[n + 1]);
            const busiest = day.reduce((most, one) => (one.calls > most.calls ? one : most));
            const byA = busiest.agents_a === null ? "" : ` (A: ${busiest.agents_a})`;
            return (
              <tr key={first}>
                <th scope="row">{dayInWords(busiest.at.slice(0, 10))}</th>
                <td>{number(day.reduce((sum, one) => sum + one.calls, 0))}</td>
                <td>{busiest.calls > 0 ? busiest.at.slice(11, 16) : "–"}</td>
                <td>{`${busiest.agents_c}${byA}`}</td>
                <td>{number(day.reduce((sum, one) => sum + one.agents_c, 0) / 2, 1)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Where days begin, by the clock that the server tells times by. */
function midnights(halves: readonly HalfHour[]): number[] {
  return halves.flatMap((one, n) => (n === 0 || one.at.slice(0, 10) !== halves[n - 1]?.at.slice(0, 10) ? [n] : []));
}
