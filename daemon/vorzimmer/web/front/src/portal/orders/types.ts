/** What the server says of orders. */

/** The same in each language that clients read. */
export interface Text {
  de: string;
  en: string;
}

export interface Question {
  id: string;
  label: Text;
  type: "text" | "long_text" | "number" | "country";
  required: boolean;
}

/** `instead_of`: of those with the same word one at most; `needs`: one of these has to be ordered with it. */
export interface Option {
  id: string;
  title: Text;
  description: Text | null;
  price: string;
  instead_of: string | null;
  needs: readonly string[];
  goes_with: readonly string[];
  asks: readonly Question[];
}

export interface Factor {
  id: string;
  title: Text;
  rate: string;
}

export interface PriceList {
  currency: string;
  options: readonly Option[];
  factors: readonly Factor[];
  changes: readonly { id: string; title: Text }[];
}

export interface SetupWanted {
  options: Readonly<Record<string, Readonly<Record<string, string>>>>;
  factor: string;
  voip: "own" | "ours" | null;
  wishes: string;
}

export interface OrderItem {
  option: string;
  title: Text;
  price: string;
  answers: readonly { label: Text; text: string }[];
  number: string | null;
  had: boolean;
}

export interface OrderStep {
  n: number;
  option: string;
  title: Text;
  owner: "it" | "lead" | "sales" | "studio";
  due: string;
  overdue: boolean;
  state: "open" | "waiting" | "answered" | "done" | "cancelled";
  asked_of: string | null;
  asked_at: string | null;
  question: string;
  answer: string;
  answered_by: string | null;
  answered_at: string | null;
  escalations: number;
  closed_by: string | null;
  closed_at: string | null;
}

export interface Order {
  id: number;
  client: string;
  client_name: string;
  kind: "setup" | "change";
  state: "open" | "done" | "cancelled";
  currency: string;
  total: string;
  items: readonly OrderItem[];
  factor: Factor | null;
  voip: "own" | "ours" | null;
  wishes: string;
  steps: readonly OrderStep[];
  placed_by: string;
  placed_at: string;
  closed_at: string | null;
}

export interface OrderLink {
  client_name: string;
  language: string;
  expires_at: string;
  prices: PriceList;
}
