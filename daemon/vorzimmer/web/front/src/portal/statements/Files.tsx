/** The files of a month: the statement in three forms, and each invoice as it was issued. */
import { at } from "../client";
import { money } from "../orders/money";
import { monthInWords } from "./figures";
import type { Invoice } from "./types";
import { t } from "./words";

const FORMS = ["pdf", "csv", "xlsx"] as const;

export function Files({ month }: { month: string }) {
  return (
    <span class="files">
      {FORMS.map((form) => (
        <a
          key={form}
          class="button"
          href={`/api${at(`/statements/${month}/file.${form}`)}`}
          aria-label={`${monthInWords(month)}, ${form.toUpperCase()}`}
          download
        >
          {form.toUpperCase()}
        </a>
      ))}
    </span>
  );
}

export function Invoices({ invoices }: { invoices: readonly Invoice[] }) {
  return (
    <ul class="invoices">
      {invoices.map((one) => (
        <li key={one.number}>
          <span>
            {t(`invoice.${one.kind}`)} <span class="number">{one.number}</span>, {money(one.gross, one.currency)}
          </span>
          {one.cancelled_by !== null && <span class="tag warn">{t("invoice.cancelled", { number: one.cancelled_by })}</span>}
          <span class="files">
            {one.files.map((name) => (
              <a key={name} href={`/api${at(`/invoice-files?${new URLSearchParams({ invoice: one.number, name })}`)}`} download>
                {name.split(".").pop()?.toUpperCase()}
              </a>
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}
