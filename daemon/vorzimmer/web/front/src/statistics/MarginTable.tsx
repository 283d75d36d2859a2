/** What each client brings in a month, and what its calls cost. */
import { useSignal } from "@preact/signals";
import { Show, useAsked } from "../portal/asked";
import { money } from "../portal/orders/money";
import { today } from "../portal/when";
import { Field } from "../ui/Field";
import type { Margins } from "./types";
import { number, percent, t } from "./words";

export function MarginTable() {
  const month = useSignal(today().slice(0, 7));
  const written = /^20\d\d-\d\d$/.test(month.value) ? month.value : today().slice(0, 7);
  const asked = useAsked<Margins>(`/statistics/margin?month=${written}`);
  return (
    <section class="card stack statistics" aria-labelledby="statistics-margin">
      <h2 id="statistics-margin">{t("margin")}</h2>
      <div class="row choices">
        <Field label={t("month")}>
          <input type="month" value={month.value} onChange={(event) => (month.value = event.currentTarget.value)} />
        </Field>
      </div>
      <Show of={asked}>{(found) => <Table found={found} />}</Show>
    </section>
  );
}

function Table({ found }: { found: Margins }) {
  const amount = (value: string) => money(value, found.currency);
  const heads = ["by.client", "offered", "agent_hours", "revenue", "wages", "lines", "left", "share"] as const;
  return (
    <>
      {found.clients.length === 0 && <p class="soft">{t("margin.none")}</p>}
      {found.clients.length > 0 && (
        <div class="scrolls" tabIndex={0} role="region" aria-label={t("margin.table")}>
          <table class="numbers">
            <thead>
              <tr>
                {heads.map((name) => (
                  <th key={name} scope="col">
                    {t(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.clients.map((one) => (
                <tr key={one.client}>
                  <th scope="row">{one.name}</th>
                  <td>{number(one.calls)}</td>
                  <td>{number(Number(one.hours), 2)}</td>
                  <td>
                    {amount(one.revenue)} {!one.closed && <small class="soft">{t("open")}</small>}
                  </td>
                  <td>{amount(one.wages)}</td>
                  <td>{amount(one.lines)}</td>
                  <td class={Number(one.margin) < 0 ? "wrong" : ""}>{amount(one.margin)}</td>
                  <td>{percent(one.share)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.foreign.length > 0 && <p class="soft">{t("margin.foreign", { names: found.foreign.join(", ") })}</p>}
      <p class="soft small">{t("margin.formula")}.</p>
    </>
  );
}
