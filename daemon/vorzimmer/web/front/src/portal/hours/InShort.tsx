/** A version of the hours in few lines, to be compared with another one. */
import type { HoursTold } from "./types";
import { shortDate } from "../when";
import { readWeek, writeDay } from "./week";
import { dayName, t } from "./words";

export function InShort({ hours }: { hours: HoursTold }) {
  const lines: [string, string][] = readWeek(hours.hours).map((day, n) => [dayName(n), inWords(writeDay(day))]);
  lines.push([t("lunch"), inWords(hours.lunch, t("none"))]);
  for (const one of hours.special_days) lines.push([shortDate(one.date), inWords(one.hours)]);
  for (const one of hours.vacations) lines.push([t("vacations.one"), `${shortDate(one.first)} – ${shortDate(one.last)}`]);
  return (
    <dl class="facts">
      {lines.map(([label, value], n) => [<dt key={n}>{label}</dt>, <dd key={`${n}-`}>{value}</dd>])}
    </dl>
  );
}

function inWords(hours: readonly string[], empty: string = t("day.closed")): string {
  return hours.length > 0 ? hours.map((one) => one.replace("-", "–")).join(", ") : empty;
}
