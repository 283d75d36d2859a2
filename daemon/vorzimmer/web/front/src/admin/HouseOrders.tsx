/** The orders of all clients, and how the house brings each step on. */
import { useSignal } from "@preact/signals";
import { post } from "../api";
import { OrderCard } from "../portal/orders/OrderCard";
import type { Order, OrderStep } from "../portal/orders/types";
import { ask, place } from "../portal/route";
import { Sure } from "../portal/Sure";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { asked, usePaged } from "../portal/paged";
import { t } from "./words";

const STATES = ["open", "done", "cancelled"] as const;
const ASKED = ["it", "lead", "sales", "studio", "client"] as const;
const PAGE = 50;
const LONGEST = 500;

export function HouseOrders() {
  const state = place.value.query.get("state") ?? "open";
  const orders = usePaged<Order, readonly Order[]>(
    (before) => asked("/orders", { state: state === "all" ? "" : state, before }),
    (page) => ({ all: page, next: page.length >= PAGE ? String(page[page.length - 1]?.id ?? "") : null }),
  );
  return (
    <>
      <div class="row">
        <Field label={t("orders.state")} class="narrow">
          <select value={state} onChange={(event) => ask({ state: event.currentTarget.value })}>
            <option value="all">{t("orders.all")}</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {t(`orders.${one}`)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      {orders.all.value?.length === 0 && <p class="soft">{t("orders.none")}</p>}
      {orders.all.value?.map((order) => (
        <section key={order.id} class="stack" aria-labelledby={`of-${order.id}`}>
          <h2 id={`of-${order.id}`}>
            <a href={`#/at/${encodeURIComponent(order.client)}/orders`}>{order.client_name}</a>
          </h2>
          <OrderCard order={order} acts={(step) => <Acts order={order} step={step} reload={orders.reload} />}>
            {order.state === "open" && (
              <p>
                <Sure
                  what={t("order.cancel")}
                  of={String(order.id)}
                  onSure={async () => {
                    await post(`/orders/${order.id}/cancel`);
                    await orders.reload();
                  }}
                />
              </p>
            )}
          </OrderCard>
        </section>
      ))}
      {orders.next.value !== null && <Button onClick={orders.more}>{t("orders.more")}</Button>}
    </>
  );
}

function Acts({ order, step, reload }: { order: Order; step: OrderStep; reload: () => Promise<void> }) {
  const act = async (what: "done" | "drop" | "ask" | "answer", body?: object) => {
    await post(`/orders/${order.id}/steps/${step.n}/${what}`, body);
    await reload();
  };
  const owner = t(`step.owner.${step.owner}`);
  const asked = step.asked_of === null ? owner : t(`step.owner.${step.asked_of}` as "step.owner.it");
  return (
    <>
      <p class="soft small">
        {owner}
        {asked !== owner && ` → ${asked}`}
        {step.escalations > 0 && ` · ${t("step.escalations", { n: step.escalations })}`}
      </p>
      {(step.state === "waiting" || step.state === "answered") && (
        <>
          <div class="row">
            <Button look="strong" onClick={() => act("done")}>
              {t("step.done")}
            </Button>
            <Sure what={t("step.drop")} of={owner} onSure={() => act("drop")} />
          </div>
          {step.state === "waiting" && <Answer from={asked} onSaid={(text) => act("answer", { text })} />}
          <Ask owner={step.owner} onAsked={(of, question) => act("ask", { of, question })} />
        </>
      )}
    </>
  );
}

/** What somebody who was asked has said, or whose step it is: that it is being done, or what is missing. */
function Answer({ from, onSaid }: { from: string; onSaid: (text: string) => Promise<void> }) {
  const text = useSignal("");
  return (
    <form class="row end" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("step.answer", { who: from })} class="grow">
        <input maxLength={LONGEST} value={text} onInput={(event) => (text.value = event.currentTarget.value)} />
      </Field>
      <Button submits disabled={text.value.trim() === ""} onClick={() => onSaid(text.value.trim())}>
        {t("step.answer.do")}
      </Button>
    </form>
  );
}

function Ask({ owner, onAsked }: { owner: string; onAsked: (of: string, question: string) => Promise<void> }) {
  const open = useSignal(false);
  const of = useSignal(owner);
  const text = useSignal("");
  const send = async () => {
    await onAsked(of.value, text.value.trim());
    [open.value, text.value] = [false, ""];
  };
  return (
    <details open={open} onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{t("step.ask")}</summary>
      <form class="row end" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("step.ask.of")}>
          <select value={of} onChange={(event) => (of.value = event.currentTarget.value)}>
            {ASKED.map((one) => (
              <option key={one} value={one}>
                {t(`step.owner.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("step.question")} class="grow">
          <input maxLength={LONGEST} value={text} onInput={(event) => (text.value = event.currentTarget.value)} />
        </Field>
        <Button submits disabled={text.value.trim() === ""} onClick={send}>
          {t("step.ask.do")}
        </Button>
      </form>
    </details>
  );
}
