/** What the server says of bills. Amounts are texts of decimals. */

export interface Invoice {
  number: string;
  kind: "380" | "381" | "384";
  issued: string;
  net: string;
  gross: string;
  currency: string;
  cancelled_by: string | null;
  files: readonly string[];
}

export interface MonthHead {
  month: string;
  state: "closed" | "open";
  currency: string | null;
  total: string | null;
  closed_at: string | null;
  invoices: readonly Invoice[];
}

export interface Months {
  months: readonly MonthHead[];
  running: string | null;
}

export interface BillLine {
  position: string;
  name: string;
  first: string;
  last: string;
  quantity: string;
  unit: "month" | "year" | "call" | "minute" | "hour" | "one";
  price: string | null;
  amount: string;
}

export interface Offer {
  tariff: string;
  name: string;
  total: string;
  yours: boolean;
}

export interface Statement extends MonthHead {
  currency: string;
  total: string;
  lines: readonly BillLine[];
  calls: number;
  chart: readonly number[];
  comparison: readonly Offer[];
  balance: { before: string; taken: string; after: string } | null;
  head: string | null;
}

export interface BilledCall {
  id: string;
  began: string;
  direction: "in" | "out";
  disposition: string;
  number: string | null;
  hidden: "withheld" | "erased" | "unknown" | null;
  phases: Readonly<Record<string, string>>;
  net: string;
  why: string;
  late: boolean;
}

export interface BilledCalls {
  calls: readonly BilledCall[];
  next: number | null;
}

export interface Charges {
  month: string | null;
  tariff: string | null;
  currency: string | null;
  net: string | null;
  marks: readonly string[];
  lines: readonly string[];
}
