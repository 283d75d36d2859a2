/** What was billed, month by month, with the files; and what the month that runs has come to so far. */
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { money } from "../orders/money";
import { href } from "../route";
import { monthInWords } from "./figures";
import { Files, Invoices } from "./Files";
import { Month } from "./Month";
import type { MonthHead, Months, Statement } from "./types";
import { t } from "./words";

export function Statements({ item }: { item: string }) {
  if (item !== "") return <Month month={item} />;
  return <All />;
}

function All() {
  const months = useAsked<Months>(at("/statements"));
  return (
    <Show of={months}>
      {(told) => (
        <div class="stack">
          {told.running !== null && <Running month={told.running} />}
          <section class="card stack">{told.months.length === 0 ? <p class="soft">{t("month.none")}</p> : <List months={told.months} running={told.running} />}</section>
        </div>
      )}
    </Show>
  );
}

function Running({ month }: { month: string }) {
  const bill = useAsked<Statement>(at(`/statements/${month}`));
  return (
    <section class="card stack running" aria-labelledby="running">
      <h2 id="running">{t("running", { month: monthInWords(month) })}</h2>
      <Show of={bill}>
        {(told) => (
          <p class="row">
            <strong class="sum number">{money(told.total, told.currency)}</strong>
            <span class="grow soft">{t("running.calls", { n: told.calls })}</span>
            <a class="button" href={href("statements", month)}>
              {t("running.more")}
            </a>
          </p>
        )}
      </Show>
    </section>
  );
}

function List({ months, running }: { months: readonly MonthHead[]; running: string | null }) {
  return (
    <div class="scrolls">
      <table class="months">
        <thead>
          <tr>
            <th scope="col">{t("month.month")}</th>
            <th scope="col" class="amount">
              {t("month.total")}
            </th>
            <th scope="col">{t("month.invoices")}</th>
            <th scope="col">{t("month.files")}</th>
          </tr>
        </thead>
        <tbody>
          {months.map((one) => (
            <tr key={one.month}>
              <th scope="row">
                <a href={href("statements", one.month)}>{monthInWords(one.month)}</a>
              </th>
              <td class="amount number">
                {one.total !== null && one.currency !== null ? (
                  money(one.total, one.currency)
                ) : (
                  <span class="tag">{t(one.month === running ? "month.open" : "month.closing")}</span>
                )}
              </td>
              <td>
                <Invoices invoices={one.invoices} />
              </td>
              <td>{one.state === "closed" && <Files month={one.month} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
