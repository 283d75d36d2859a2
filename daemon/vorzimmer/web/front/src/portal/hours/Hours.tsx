/** When the office is open: the week, lunch, single days and vacations, and beside them what a caller would meet. */
import { useEffect } from "preact/hooks";
import { at } from "../client";
import { draftOf, type Draft } from "../draft";
import { SaveBar, Waiting } from "../SaveBar";
import type { HoursTold, Vacation } from "./types";
import { dayInWords } from "../when";
import { DayEditor } from "./DayEditor";
import { Preview } from "./Preview";
import { SpecialDays, Vacations } from "./SingleDays";
import { InShort } from "./InShort";
import { complete, KEYS, readDay, readWeek, writeDay, writeWeek } from "./week";
import { dayName, t } from "./words";

const LUNCH = { from: "12:00", to: "13:00" };
const WORKDAYS = 5;

/** What the server is given of it: the same hours always written the same way. */
export function sentHours({ version, hours, lunch, special_days, vacations, holidays }: HoursTold) {
  return { version, hours: writeWeek(readWeek(hours)), lunch, special_days, vacations, holidays };
}

export function Hours() {
  const draft = draftOf<HoursTold>(at("/hours"), sentHours);
  useEffect(() => void draft.load(), [draft]);
  const told = draft.value.value;
  if (told === null) return <Waiting draft={draft} />;
  const hindrance = hindranceOf(told);
  return (
    <>
      <div class="columns hours">
        <div class="stack">
          <WeekEditor draft={draft} told={told} />
          <section class="card stack" aria-labelledby="hours-lunch">
            <h2 id="hours-lunch">{t("lunch")}</h2>
            <p class="soft">{t("lunch.why")}</p>
            <DayEditor
              name={t("lunch.daily")}
              day={readDay(told.lunch)}
              empty={t("lunch.none")}
              first={LUNCH}
              onChange={(day) => draft.change({ lunch: writeDay(day) })}
            />
          </section>
          <SpecialDays days={told.special_days} onChange={(special_days) => draft.change({ special_days })} />
          <Vacations days={told.vacations} onChange={(vacations) => draft.change({ vacations })} />
        </div>
        <Preview draft={hindrance === undefined ? told : null} />
      </div>
      <SaveBar draft={draft} show={(value) => <InShort hours={value} />} hindrance={hindrance} />
    </>
  );
}

function WeekEditor({ draft, told }: { draft: Draft<HoursTold>; told: HoursTold }) {
  const week = readWeek(told.hours);
  const change = (days: typeof week) => draft.change({ hours: writeWeek(days) });
  return (
    <section class="card stack" aria-labelledby="hours-week">
      <h2 id="hours-week">{t("week")}</h2>
      {KEYS.map((key, n) => (
        <DayEditor
          key={key}
          name={dayName(n)}
          day={week[n] ?? []}
          empty={t("day.closed")}
          onChange={(day) => change(week.map((one, m) => (m === n ? day : one)))}
        >
          {n === 0 && (
            <button
              type="button"
              class="link small"
              onClick={() => change(week.map((one, m) => (m < WORKDAYS ? (week[0] ?? []) : one)))}
            >
              {t("week.copy")}
            </button>
          )}
        </DayEditor>
      ))}
      {told.holidays !== null && <Holidays told={told} region={told.holidays} />}
      {told.numbers_apart.length > 0 && <p class="soft">{t("apart", { numbers: told.numbers_apart.join(", ") })}</p>}
    </section>
  );
}

function Holidays({ told, region }: { told: HoursTold; region: string }) {
  return (
    <details class="soft">
      <summary>{t("holidays", { region })}</summary>
      <p>{t("holidays.next")}</p>
      <ul>
        {told.next_holidays.map((one) => (
          <li key={one.date}>
            {dayInWords(one.date)}: {one.name}
          </li>
        ))}
      </ul>
    </details>
  );
}

function hindranceOf(told: HoursTold): string | undefined {
  const days = [...readWeek(told.hours), readDay(told.lunch), ...told.special_days.map((one) => readDay(one.hours))];
  if (!days.every(complete)) return t("wrong.time");
  if (told.special_days.some((one) => one.date === "")) return t("wrong.date");
  if (told.vacations.some((one: Vacation) => one.first === "" || one.last === "")) return t("wrong.date");
  if (told.vacations.some((one: Vacation) => one.last < one.first)) return t("wrong.vacation");
  return undefined;
}
