/** An order: what it is about, and how far each of its steps has come. */
import type { ComponentChildren } from "preact";
import type { Order, OrderStep } from "./types";
import { dayAndTime, shortDate } from "../when";
import { inTongue, money } from "./money";
import { t } from "./words";

interface OrderCardProps {
  order: Order;
  /** What can be done with a step. */
  acts: (step: OrderStep) => ComponentChildren;
  children?: ComponentChildren;
}

const LOOKS = { open: "warn", done: "good", cancelled: "" } as const;
const STEP_LOOKS = { open: "", waiting: "warn", answered: "warn", done: "good", cancelled: "" } as const;

export function OrderCard({ order, acts, children }: OrderCardProps) {
  const heading = `order-${order.id}`;
  return (
    <article class="card stack" aria-labelledby={heading}>
      <div class="row">
        <h3 id={heading} class="grow">
          {t(`kind.${order.kind}`)} {order.id}
        </h3>
        <span class={`tag ${LOOKS[order.state]}`}>{t(`state.${order.state}`)}</span>
      </div>
      <p class="soft small">{t("placed", { at: dayAndTime(order.placed_at), who: order.placed_by })}</p>
      <ul>
        {order.items.map((item) => (
          <li key={item.option} class="row">
            <span class="grow">
              {inTongue(item.title)}
              {item.number !== null && ` (${t("number", { number: item.number })})`}
              {item.answers.map((answer) => (
                <span key={answer.label.en} class="soft small">
                  <br />
                  {inTongue(answer.label)}: {answer.text}
                </span>
              ))}
            </span>
            <span class="number">{money(item.price, order.currency)}</span>
          </li>
        ))}
      </ul>
      {order.wishes !== "" && <p class="text">{order.wishes}</p>}
      <ol class="entries order-steps">
        {order.steps.map((step) => (
          <li key={step.n} class="stack">
            <div class="row">
              <span class="grow">{inTongue(step.title)}</span>
              {(step.state === "open" || step.state === "waiting") && (
                <span class={`small ${step.overdue ? "wrong" : "soft"}`}>{t("step.due", { day: shortDate(step.due) })}</span>
              )}
              <span class={`tag ${STEP_LOOKS[step.state]}`}>{t(`step.${isBegun(step) ? "begun" : step.state}`)}</span>
            </div>
            {step.question !== "" && <p class="text soft">{step.question}</p>}
            {step.answer !== "" && <p class="text">{step.answer}</p>}
            {acts(step)}
          </li>
        ))}
      </ol>
      {children}
    </article>
  );
}

/** Its owner works on it, and nothing was asked. */
function isBegun(step: OrderStep): boolean {
  return step.state === "waiting" && step.question === "";
}
