/** What can be ordered, with prices, what has to be said about each, and the sum; the same in the portal and by a link. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { ApiError } from "../../api";
import { said } from "../../i18n/sentences";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import type { Option, PriceList, Question, SetupWanted } from "./types";
import { inTongue, money } from "./money";
import { t } from "./words";

interface OrderFormProps {
  prices: PriceList;
  /** `request`: the same one sent twice is one order. */
  onOrder: (wanted: SetupWanted, request: string) => Promise<unknown>;
}

const NOTHING: SetupWanted = { options: {}, factor: "none", voip: null, wishes: "" };

export function OrderForm({ prices, onOrder }: OrderFormProps) {
  const wanted = useSignal<SetupWanted>(NOTHING);
  const wrong = useSignal("");
  const request = useMemo(() => crypto.randomUUID(), []);
  const set = (by: Partial<SetupWanted>) => (wanted.value = { ...wanted.value, ...by });
  const chosen = prices.options.filter((option) => Object.hasOwn(wanted.value.options, option.id));
  const total = chosen.reduce((sum, option) => sum + Math.round(Number(option.price) * 100), 0) / 100;
  const order = async () => {
    wrong.value = "";
    try {
      await onOrder(wanted.value, request);
      wanted.value = NOTHING;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 422 && error.status !== 409)) throw error;
      wrong.value = said(error.message);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <p class="soft">{t("options.net")}</p>
      <ul class="entries">
        {prices.options.map((option) => (
          <li key={option.id}>
            <Choice option={option} prices={prices} wanted={wanted.value} onChange={(options) => set({ options })} />
          </li>
        ))}
      </ul>
      <div class="row end">
        {prices.factors.length > 0 && (
          <Field label={t("factor")} class="grow">
            <select value={wanted.value.factor} onChange={(event) => set({ factor: event.currentTarget.value })}>
              {prices.factors.map((factor) => (
                <option key={factor.id} value={factor.id}>
                  {inTongue(factor.title)}
                </option>
              ))}
            </select>
          </Field>
        )}
        <Field label={t("voip")} class="grow">
          <select
            value={wanted.value.voip ?? ""}
            onChange={(event) => set({ voip: (event.currentTarget.value || null) as SetupWanted["voip"] })}
          >
            <option value="">{t("voip.untold")}</option>
            <option value="own">{t("voip.own")}</option>
            <option value="ours">{t("voip.ours")}</option>
          </select>
        </Field>
      </div>
      <Field label={t("wishes")}>
        <textarea maxLength={2000} value={wanted.value.wishes} onInput={(event) => set({ wishes: event.currentTarget.value })} />
      </Field>
      <p role="alert" class="wrong">
        {wrong.value}
      </p>
      <div class="row">
        <strong class="grow" role="status">
          {t("total", { price: money(total, prices.currency) })}
        </strong>
        <Button look="main" submits disabled={chosen.length === 0} onClick={order}>
          {t("order")}
        </Button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  option: Option;
  prices: PriceList;
  wanted: SetupWanted;
  onChange: (options: SetupWanted["options"]) => void;
}

function Choice({ option, prices, wanted, onChange }: ChoiceProps) {
  const answers = wanted.options[option.id];
  const titles = (ids: readonly string[]) =>
    prices.options.flatMap((one) => (ids.includes(one.id) ? [inTongue(one.title)] : [])).join("; ");
  const toggle = (on: boolean) => {
    const others = Object.entries(wanted.options).filter(([id]) => id !== option.id && !(on && excludes(prices, option, id)));
    onChange(Object.fromEntries(on ? [...others, [option.id, {}]] : others));
  };
  return (
    <div class="stack">
      <label class="check option">
        <input type="checkbox" checked={answers !== undefined} onChange={(event) => toggle(event.currentTarget.checked)} />
        <span class="grow">{inTongue(option.title)}</span>
        <strong class="number">{money(option.price, prices.currency)}</strong>
      </label>
      {option.description !== null && <p class="soft small">{inTongue(option.description)}</p>}
      {option.needs.length > 0 && <p class="soft small">{t("needs", { options: titles(option.needs) })}</p>}
      {answers !== undefined &&
        option.asks.map((question) => (
          <Answer
            key={question.id}
            question={question}
            value={answers[question.id] ?? ""}
            onInput={(value) => onChange({ ...wanted.options, [option.id]: { ...answers, [question.id]: value } })}
          />
        ))}
    </div>
  );
}

/** Of options with the same word one at most. */
function excludes(prices: PriceList, option: Option, id: string): boolean {
  return option.instead_of !== null && prices.options.some((one) => one.id === id && one.instead_of === option.instead_of);
}

function Answer({ question, value, onInput }: { question: Question; value: string; onInput: (value: string) => void }) {
  const common: Entry = {
    value,
    required: question.required,
    onInput: (event) => onInput(event.currentTarget.value),
  };
  return <Field label={inTongue(question.label)}>{entry(question.type, common)}</Field>;
}

interface Entry {
  value: string;
  required: boolean;
  onInput: (event: { currentTarget: { value: string } }) => void;
}

function entry(type: Question["type"], common: Entry) {
  if (type === "long_text") return <textarea {...common} maxLength={2000} />;
  if (type === "number") return <input {...common} type="tel" maxLength={40} />;
  return <input {...common} type="text" maxLength={type === "country" ? 2 : 200} />;
}
