/** What the client has ordered, what it can order, and its wishes for changes. */
import { useSignal } from "@preact/signals";
import { post } from "../../api";
import { me } from "../../session";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import type { Order, OrderStep, PriceList } from "./types";
import { inTongue } from "./money";
import { OrderCard } from "./OrderCard";
import { OrderForm } from "./OrderForm";
import { t } from "./words";

export function Orders() {
  const orders = useAsked<readonly Order[]>(at("/orders"));
  const prices = useAsked<PriceList>("/setup/options");
  const place = async (body: object, done: "order.done" | "change.done") => {
    await post<Order>(at("/orders"), body);
    tell(t(done));
    await orders.reload();
  };
  return (
    <div class="columns even">
      <section class="stack" aria-labelledby="orders">
        <div class="row">
          <h2 id="orders" class="grow">
            {t("orders")}
          </h2>
          {me.value?.role === "admin" && <Button onClick={sendLink}>{t("link.send")}</Button>}
        </div>
        <Show of={orders}>
          {(found) =>
            found.length === 0 ? (
              <p class="soft">{t("orders.none")}</p>
            ) : (
              found.map((order) => (
                <OrderCard
                  key={order.id}
                  order={order}
                  acts={(step) => <AskedOfUs order={order} step={step} reload={orders.reload} />}
                />
              ))
            )
          }
        </Show>
      </section>
      <Show of={prices}>
        {(list) => (
          <div class="stack">
            <section class="card stack" aria-labelledby="order-new">
              <h2 id="order-new">{t("order.new")}</h2>
              <OrderForm
                prices={list}
                onOrder={(wanted, request) => place({ kind: "setup", ...wanted, request }, "order.done")}
              />
            </section>
            <section class="card stack" aria-labelledby="order-change">
              <h2 id="order-change">{t("change")}</h2>
              <ChangeForm list={list} onSend={(body) => place(body, "change.done")} />
            </section>
          </div>
        )}
      </Show>
    </div>
  );
}

/** The house lets the client order without a login. */
async function sendLink(): Promise<void> {
  const sent = await post<{ to: readonly string[] }>(at("/order-links"));
  tell(t("link.sent", { to: sent.to.join(", ") }));
}

function ChangeForm({ list, onSend }: { list: PriceList; onSend: (body: object) => Promise<void> }) {
  const change = useSignal(list.changes[0]?.id ?? "");
  const wishes = useSignal("");
  const send = async () => {
    await onSend({ kind: "change", change: change.value, wishes: wishes.value.trim() });
    wishes.value = "";
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("change.kind")}>
        <select value={change} onChange={(event) => (change.value = event.currentTarget.value)}>
          {list.changes.map((one) => (
            <option key={one.id} value={one.id}>
              {inTongue(one.title)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("change.wishes")}>
        <textarea maxLength={2000} value={wishes} onInput={(event) => (wishes.value = event.currentTarget.value)} />
      </Field>
      <p>
        <Button submits disabled={wishes.value.trim() === ""} onClick={send}>
          {t("change.do")}
        </Button>
      </p>
    </form>
  );
}

/** What the house has asked the client about a step. */
function AskedOfUs({ order, step, reload }: { order: Order; step: OrderStep; reload: () => Promise<void> }) {
  const text = useSignal("");
  if (step.state !== "waiting" || step.asked_of !== "client") return null;
  const answer = async () => {
    await post(`/orders/${order.id}/steps/${step.n}/answer`, { text: text.value.trim() });
    await reload();
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("answer")}>
        <textarea maxLength={2000} value={text} onInput={(event) => (text.value = event.currentTarget.value)} />
      </Field>
      <p>
        <Button look="main" submits disabled={text.value.trim() === ""} onClick={answer}>
          {t("answer.do")}
        </Button>
      </p>
    </form>
  );
}
