/** One month's bill: its positions, what other tariffs would have cost, the hours of the day, the seal, every call. */
import { Fragment } from "preact";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { money } from "../orders/money";
import { href } from "../route";
import { dayAndTime, shortDate } from "../when";
import { BilledCalls } from "./BilledCalls";
import { Chart } from "./Chart";
import { exact, monthInWords, nameOf, quantity } from "./figures";
import { Files, Invoices } from "./Files";
import type { BillLine, Statement } from "./types";
import { t } from "./words";

export function Month({ month }: { month: string }) {
  const bill = useAsked<Statement>(at(`/statements/${encodeURIComponent(month)}`));
  return (
    <div class="stack statement">
      <p>
        <a href={href("statements")}>← {t("month.all")}</a>
      </p>
      <Show of={bill}>{(told) => <Bill told={told} />}</Show>
    </div>
  );
}

function Bill({ told }: { told: Statement }) {
  return (
    <>
      <section class="card stack" aria-labelledby="bill">
        <div class="row">
          <h2 id="bill" class="grow">
            {monthInWords(told.month)}
          </h2>
          <strong class="sum number">{money(told.total, told.currency)}</strong>
        </div>
        <p class="row">
          <span class="grow soft">{told.closed_at === null ? t("provisional") : t("closed", { at: dayAndTime(told.closed_at) })}</span>
          {told.state === "closed" && <Files month={told.month} />}
        </p>
        {told.invoices.length > 0 && <Invoices invoices={told.invoices} />}
      </section>
      <section class="card stack" aria-labelledby="positions">
        <h2 id="positions">{t("positions")}</h2>
        {told.lines.length === 0 ? <p class="soft">{t("lines.none")}</p> : <Lines told={told} />}
        <p class="soft">{t("net", { currency: told.currency })}</p>
      </section>
      <div class="columns even">
        <section class="card stack" aria-labelledby="chart">
          <h2 id="chart">{t("chart")}</h2>
          <Chart counts={told.chart} />
        </section>
        {told.comparison.length > 1 && <Comparison told={told} />}
        {told.balance !== null && (
          <section class="card stack" aria-labelledby="balance">
            <h2 id="balance">{t("balance")}</h2>
            <dl class="facts">
              {(["before", "taken", "after"] as const).map((one) => (
                <Fragment key={one}>
                  <dt>{t(`balance.${one}`)}</dt>
                  <dd class="number">{told.balance !== null && money(told.balance[one], told.currency)}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        )}
        {told.head !== null && <Seal head={told.head} />}
      </div>
      <BilledCalls month={told.month} currency={told.currency} />
    </>
  );
}

function Lines({ told }: { told: Statement }) {
  return (
    <div class="scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">{t("position")}</th>
            <th scope="col" class="amount">
              {t("quantity")}
            </th>
            <th scope="col" class="amount">
              {t("price")}
            </th>
            <th scope="col" class="amount">
              {t("amount")}
            </th>
          </tr>
        </thead>
        <tbody>
          {told.lines.map((line, n) => (
            <tr key={n}>
              <th scope="row">
                {nameOf(line)}
                {isPart(line, told.month) && <small class="soft days">{days(line)}</small>}
              </th>
              <td class="amount number">{quantity(line)}</td>
              <td class="amount number">{line.price !== null && line.unit !== "one" && exact(line.price)}</td>
              <td class="amount number">{money(line.amount, told.currency)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3}>
              {t("sum")}
            </th>
            <td class="amount number">{money(told.total, told.currency)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** A line of other days than the whole month's. */
function isPart(line: BillLine, month: string): boolean {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  return line.first !== `${month}-01` || line.last !== last;
}

function days(line: BillLine): string {
  return line.first === line.last ? shortDate(line.first) : `${shortDate(line.first)} – ${shortDate(line.last)}`;
}

function Comparison({ told }: { told: Statement }) {
  const yours = told.comparison.find((one) => one.yours);
  const best = told.comparison[0];
  const most = Math.max(...told.comparison.map((one) => Number(one.total)), 0.01);
  return (
    <section class="card stack" aria-labelledby="comparison">
      <h2 id="comparison">{t("comparison")}</h2>
      {yours !== undefined && best !== undefined && (
        <p>
          {t(Number(best.total) < Number(yours.total) ? "comparison.yours" : "comparison.best", {
            yours: money(yours.total, told.currency),
            cheapest: money(best.total, told.currency),
            name: best.name,
          })}
        </p>
      )}
      <ul class="offers">
        {told.comparison.map((one) => (
          <li key={one.tariff} class={one.yours ? "yours" : ""}>
            <span class="row">
              <span class="grow">
                {one.name} {one.yours && <span class="tag">{t("comparison.mine")}</span>}
              </span>
              <span class="number">{money(one.total, told.currency)}</span>
            </span>
            <meter min={0} max={most} value={Number(one.total)} aria-hidden="true" />
          </li>
        ))}
      </ul>
      <p class="soft">{t("comparison.how")}</p>
    </section>
  );
}

function Seal({ head }: { head: string }) {
  return (
    <section class="card stack" aria-labelledby="seal">
      <h2 id="seal">{t("seal")}</h2>
      {/^0+$/.test(head) ? (
        <p class="soft">{t("seal.nothing")}</p>
      ) : (
        <>
          <code class="seal">{head}</code>
          <p class="soft">
            {t("seal.says")} {t("seal.check")}
          </p>
        </>
      )}
    </section>
  );
}
