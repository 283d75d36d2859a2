/** The hours in which only what is urgent is told: the same each day, or each weekday by itself. */
import { useSignal } from "@preact/signals";
import { DayEditor } from "../hours/DayEditor";
import type { WrittenWeek } from "../hours/types";
import { KEYS, readWeek, writeDay, writeWeek, type Day } from "../hours/week";
import { t, type Word } from "../words";
import { t as own } from "./words";

const NIGHT = { from: "20:00", to: "07:00" };
const NAMES: readonly Word[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

interface QuietProps {
  quiet: WrittenWeek | null;
  wrong: string | undefined;
  onChange: (quiet: WrittenWeek | null) => void;
}

export function Quiet({ quiet, wrong, onChange }: QuietProps) {
  const week = quiet === null ? KEYS.map((): Day => []) : readWeek(quiet);
  const even = week.every((day) => JSON.stringify(day) === JSON.stringify(week[0]));
  const apart = useSignal(!even);
  const daily = (day: Day) => onChange(day.length === 0 ? null : { daily: writeDay(day) });
  const single = (n: number, day: Day) => {
    const news = week.map((one, m) => (m === n ? day : one));
    onChange(news.every((one) => one.length === 0) ? null : writeWeek(news));
  };
  return (
    <div class="stack quiet">
      {apart.value || !even ? (
        KEYS.map((key, n) => {
          const name = `${own("rule.quiet")}, ${t(NAMES[n] ?? "monday")}`;
          return <DayEditor key={key} name={name} day={week[n] ?? []} empty={own("rule.quiet.none")} first={NIGHT} onChange={(day) => single(n, day)} />;
        })
      ) : (
        <DayEditor name={own("rule.quiet")} day={week[0] ?? []} empty={own("rule.quiet.none")} first={NIGHT} onChange={daily} />
      )}
      {quiet !== null && <p class="soft small">{own("rule.quiet.why")}</p>}
      {wrong !== undefined && <p class="wrong">{wrong}</p>}
      {quiet !== null && even && (
        <label class="check">
          <input type="checkbox" checked={apart.value} onChange={(event) => (apart.value = event.currentTarget.checked)} />
          {own("rule.quiet.apart")}
        </label>
      )}
    </div>
  );
}
