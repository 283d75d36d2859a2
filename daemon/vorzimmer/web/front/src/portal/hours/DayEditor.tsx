/** The intervals of one day, to be typed. */
import type { ComponentChildren } from "preact";
import { Button } from "../../ui/Button";
import { overnight, wholeDay, type Day, type Interval } from "./week";
import { t } from "./words";

const FIRST: Interval = { from: "08:00", to: "18:00" };
const LATER: Interval = { from: "13:00", to: "18:00" };
const MOST = 6;

interface DayEditorProps {
  /** For who hears its fields one by one. */
  name: string;
  /** What is seen; the name, unless given. */
  title?: string;
  day: Day;
  onChange: (day: Day) => void;
  /** What an empty day means. */
  empty: string;
  first?: Interval;
  children?: ComponentChildren;
}

export function DayEditor({ name, title = name, day, onChange, empty, first = FIRST, children }: DayEditorProps) {
  const put = (n: number, by: Partial<Interval>) => onChange(day.map((one, m) => (m === n ? { ...one, ...by } : one)));
  return (
    <fieldset class="day-hours">
      <legend>{title}</legend>
      <div class="intervals">
        {day.length === 0 && <span class="soft">{empty}</span>}
        {day.map((one, n) => (
          <div key={n} class="interval">
            <Time label={t("time.from", { day: name })} value={one.from} onInput={(from) => put(n, { from })} />
            <span aria-hidden="true">–</span>
            <Time label={t("time.to", { day: name })} value={one.to} onInput={(to) => put(n, { to })} />
            <button
              type="button"
              class="close"
              aria-label={t("interval.remove", { day: name, from: one.from, to: one.to })}
              onClick={() => onChange(day.filter((_, m) => m !== n))}
            >
              ×
            </button>
            {overnight(one) && <small class="tag">{t("interval.overnight")}</small>}
            {wholeDay(one) && <small class="tag">{t("interval.whole")}</small>}
          </div>
        ))}
        <div class="row">
          {day.length < MOST && (
            <Button label={t("interval.add", { day: name })} onClick={() => onChange([...day, day.length > 0 ? LATER : first])}>
              +
            </Button>
          )}
          {children}
        </div>
      </div>
    </fieldset>
  );
}

function Time({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }) {
  return (
    <input
      type="time"
      aria-label={label}
      aria-invalid={value === "" ? true : undefined}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}
