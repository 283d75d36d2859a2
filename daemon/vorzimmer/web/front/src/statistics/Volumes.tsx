/** Calls of some days as bars and as a table, with the formula below; by agent with what each of them did. */
import { Bars, nameOf } from "./Bars";
import type { AgentRow, Row, Told } from "./types";
import { number, percent, t } from "./words";

const COUNTS = ["offered", "answered", "abandoned", "at_once", "overflowed"] as const;
const TIMES = ["mean_wait", "p90_wait", "max_wait", "mean_talk", "mean_wrap_up"] as const;
const TIME_WORDS = ["wait", "p90", "max", "talk", "wrap_up"] as const;
const HOUR = 3600;

export function Volumes({ told, target, short }: { told: Told; target: number; short: number }) {
  if (told.rows.length === 0 && told.agents.length === 0) return <p class="soft">{t("none")}</p>;
  return (
    <div class="stack">
      <Bars rows={told.rows} by={told.by} />
      <div class="scrolls" tabIndex={0} role="region" aria-label={t("calls.table")}>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">{t(`by.${told.by}`)}</th>
              {COUNTS.map((name) => (
                <th key={name} scope="col">
                  {t(name)}
                </th>
              ))}
              <th scope="col">{t("level")}</th>
              {TIME_WORDS.map((name) => (
                <th key={name} scope="col">
                  {t(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {told.rows.map((row) => (
              <Line key={row.key ?? ""} row={row} name={nameOf(row, told.by)} />
            ))}
          </tbody>
          <tfoot>
            <Line row={told.total} name={t("all")} />
          </tfoot>
        </table>
      </div>
      <p class="soft small">
        {t("formula", { n: target })}
        {short > 0 && `, ${t("formula.short", { n: short })}`}; {t("waits")}.
      </p>
      {told.agents.length > 0 && <Agents agents={told.agents} />}
    </div>
  );
}

function Line({ row, name }: { row: Row; name: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {COUNTS.map((count) => (
        <td key={count}>{number(row[count])}</td>
      ))}
      <td>{percent(row.level)}</td>
      {TIMES.map((time) => (
        <td key={time}>{number(row[time], 1)}</td>
      ))}
    </tr>
  );
}

function Agents({ agents }: { agents: readonly AgentRow[] }) {
  const heads = ["offered", "a_day", "missed", "talked", "hold", "wrapped", "logged_in", "paused", "occupancy"] as const;
  return (
    <>
      <h3>{t("agents")}</h3>
      <div class="scrolls" tabIndex={0} role="region" aria-label={t("agents")}>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">{t("by.agent")}</th>
              {heads.map((name) => (
                <th key={name} scope="col">
                  {t(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {agents.map((one) => (
              <tr key={one.agent}>
                <th scope="row">{one.name}</th>
                <td>{number(one.calls)}</td>
                <td>{number(one.calls_a_day, 1)}</td>
                <td>{number(one.missed)}</td>
                {[one.talk, one.hold, one.wrap_up, one.logged_in, one.paused].map((seconds, n) => (
                  <td key={heads[n + 3]}>{`${number(seconds / HOUR, 2)} h`}</td>
                ))}
                <td>{percent(one.occupancy)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="soft small">{t("occupancy.formula")}.</p>
    </>
  );
}
