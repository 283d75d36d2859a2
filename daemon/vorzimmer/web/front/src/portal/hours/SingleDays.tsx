/** Days that differ from the week: single ones with hours of their own, and vacations. */
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import type { SpecialDay, Vacation } from "./types";
import { dayAfter, dayInWords, today } from "../when";
import { DayEditor } from "./DayEditor";
import { readDay, writeDay } from "./week";
import { t } from "./words";

interface Edited<T> {
  days: readonly T[];
  onChange: (days: readonly T[]) => void;
}

const WEEK = 7;

export function SpecialDays({ days, onChange }: Edited<SpecialDay>) {
  const put = (n: number, by: Partial<SpecialDay>) => onChange(days.map((one, m) => (m === n ? { ...one, ...by } : one)));
  const taken = new Set(days.map((one) => one.date));
  const free = () => {
    let date = dayAfter(today(), 1);
    while (taken.has(date)) date = dayAfter(date, 1);
    return date;
  };
  return (
    <section class="card stack" aria-labelledby="hours-special">
      <h2 id="hours-special">{t("special")}</h2>
      <p class="soft">{t("special.why")}</p>
      <ul class="entries">
        {days.map((one, n) => (
          <li key={n} class="stack">
            <div class="row end">
              <Field label={t("special.date")} class="grow" wrong={doubled(days, one) ? t("special.twice") : undefined}>
                <input type="date" value={one.date} onInput={(event) => put(n, { date: event.currentTarget.value })} />
              </Field>
              <Field label={t("special.name")} class="grow">
                <input value={one.name} maxLength={80} onInput={(event) => put(n, { name: event.currentTarget.value })} />
              </Field>
              <Remove what={named(one.date, one.name)} onClick={() => onChange(days.filter((_, m) => m !== n))} />
            </div>
            <DayEditor
              name={named(one.date, one.name)}
              title={t("special.hours")}
              day={readDay(one.hours)}
              empty={t("day.closed")}
              onChange={(day) => put(n, { hours: writeDay(day) })}
            />
          </li>
        ))}
      </ul>
      <p>
        <Button onClick={() => onChange([...days, { date: free(), name: "", hours: [] }])}>{t("special.add")}</Button>
      </p>
    </section>
  );
}

export function Vacations({ days, onChange }: Edited<Vacation>) {
  const put = (n: number, by: Partial<Vacation>) => onChange(days.map((one, m) => (m === n ? { ...one, ...by } : one)));
  const next = () => ({ first: dayAfter(today(), WEEK), last: dayAfter(today(), WEEK + WEEK), name: "" });
  return (
    <section class="card stack" aria-labelledby="hours-vacations">
      <h2 id="hours-vacations">{t("vacations")}</h2>
      <ul class="entries">
        {days.map((one, n) => (
          <li key={n} class="row end">
            <Field label={t("vacations.first")} class="grow">
              <input type="date" value={one.first} onInput={(event) => put(n, { first: event.currentTarget.value })} />
            </Field>
            <Field label={t("vacations.last")} class="grow" wrong={one.last < one.first ? t("wrong.vacation") : undefined}>
              <input type="date" value={one.last} onInput={(event) => put(n, { last: event.currentTarget.value })} />
            </Field>
            <Field label={t("special.name")} class="grow">
              <input value={one.name} maxLength={80} onInput={(event) => put(n, { name: event.currentTarget.value })} />
            </Field>
            <Remove what={named(one.first, one.name)} onClick={() => onChange(days.filter((_, m) => m !== n))} />
          </li>
        ))}
      </ul>
      <p>
        <Button onClick={() => onChange([...days, next()])}>{t("vacations.add")}</Button>
      </p>
    </section>
  );
}

function Remove({ what, onClick }: { what: string; onClick: () => void }) {
  return (
    <Button label={`${t("remove")}: ${what}`} onClick={onClick}>
      {t("remove")}
    </Button>
  );
}

function named(date: string, name: string): string {
  const day = date === "" ? t("special.undated") : dayInWords(date);
  return name === "" ? day : `${day} (${name})`;
}

function doubled(days: readonly SpecialDay[], one: SpecialDay): boolean {
  return days.some((other) => other !== one && other.date === one.date);
}
