/** The bills of one month, of all clients: which months are closed, and with which invoice. */
import { Field } from "../ui/Field";
import { money } from "../portal/orders/money";
import { ask, place } from "../portal/route";
import { monthInWords } from "../portal/statements/figures";
import { Invoices } from "../portal/statements/Files";
import type { Invoice } from "../portal/statements/types";
import { Show, useAsked } from "../portal/asked";
import { dayAndTime, today } from "../portal/when";
import { t } from "./words";

interface InMonth {
  client: string;
  name: string;
  currency: string | null;
  total: string | null;
  closed_at: string | null;
  invoices: readonly Invoice[];
}

const MONTHS = 24;

export function HouseBills() {
  const month = place.value.query.get("month") ?? months()[1] ?? "";
  const found = useAsked<readonly InMonth[]>(`/statements?month=${encodeURIComponent(month)}`);
  return (
    <div class="stack">
      <Field label={t("bills.month")} class="narrow">
        <select value={month} onChange={(event) => ask({ month: event.currentTarget.value })}>
          {months().map((one) => (
            <option key={one} value={one}>
              {monthInWords(one)}
            </option>
          ))}
        </select>
      </Field>
      <section class="card stack">
        <Show of={found}>{(all) => (all.length === 0 ? <p class="soft">{t("bills.none")}</p> : <List all={all} month={month} />)}</Show>
      </section>
    </div>
  );
}

function List({ all, month }: { all: readonly InMonth[]; month: string }) {
  return (
    <div class="scrolls">
      <table class="months">
        <thead>
          <tr>
            <th scope="col">{t("bills.client")}</th>
            <th scope="col" class="amount">
              {t("bills.total")}
            </th>
            <th scope="col">{t("bills.closed")}</th>
            <th scope="col">{t("bills.invoice")}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.client}>
              <th scope="row">
                <a href={`#/at/${encodeURIComponent(one.client)}/statements/${month}`}>{one.name}</a>
              </th>
              <td class="amount number">{one.total !== null && one.currency !== null && money(one.total, one.currency)}</td>
              <td>{one.closed_at === null ? <span class="tag warn">{t("bills.open")}</span> : dayAndTime(one.closed_at)}</td>
              <td>
                <Invoices invoices={one.invoices} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The running month and those before it. */
function months(): string[] {
  const [year, month] = today().split("-").map(Number) as [number, number, number];
  return Array.from({ length: MONTHS }, (_, back) => new Date(Date.UTC(year, month - 1 - back, 15)).toISOString().slice(0, 7));
}
