/** Months, amounts and quantities of a bill, as they are read in the page's language. */
import { language } from "../../i18n/language";
import type { BillLine } from "./types";
import { t } from "./words";

const LOCALES = { de: "de-DE", en: "en-GB" } as const;

export function monthInWords(month: string): string {
  const middle = new Date(`${month}-15T12:00:00Z`);
  return middle.toLocaleDateString(LOCALES[language.value], { month: "long", year: "numeric", timeZone: "UTC" });
}

/** With two decimals, or as many up to six as it has. */
export function exact(amount: string): string {
  return written(amount, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}

export function quantity(line: BillLine): string {
  if (line.unit === "one") return "";
  const many = Number(line.quantity) === 1 ? line.unit : (`${line.unit}s` as const);
  return `${written(line.quantity, { maximumFractionDigits: 3 })} ${t(`unit.${many}`)}`;
}

const SPECIAL = ["discount", "minimum", "rounding"] as const;

/** As the tariff calls it; what is no position of a tariff has a name of ours. */
export function nameOf(line: BillLine): string {
  const special = SPECIAL.find((one) => one === line.position);
  if (special !== undefined) return `${t(`line.${special}`)} ${line.name.replace(/^- /, "")}`.trim();
  if (line.position === "fee") return line.name || t("line.fee");
  if (line.name !== "" && (line.unit !== "one" || line.price !== null)) return line.name;
  return [t("line.correction"), line.name].filter((one) => one !== "").join(": ");
}

function written(amount: string, how: Intl.NumberFormatOptions): string {
  return Number(amount).toLocaleString(LOCALES[language.value], how);
}
