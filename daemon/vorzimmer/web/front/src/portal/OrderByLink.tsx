/** Ordering by a mailed link, without a login. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { post } from "../api";
import { speak } from "../i18n/language";
import { Show, useAsked } from "./asked";
import { OrderCard } from "./orders/OrderCard";
import { OrderForm } from "./orders/OrderForm";
import { t } from "./orders/words";
import type { Order, OrderLink, SetupWanted } from "./orders/types";
import { dayAndTime } from "./when";
import "./sentences";

export function OrderByLink({ token }: { token: string }) {
  const path = `/order-links/${encodeURIComponent(token)}`;
  const link = useAsked<OrderLink>(path);
  const placed = useSignal<Order | null>(null);
  const told = link.value.value;
  useEffect(() => {
    if (told !== null) speak(told.language);
  }, [told]);
  const order = async (wanted: SetupWanted) => {
    placed.value = await post<Order>(path, wanted);
  };
  return (
    <main class="by-link portal-parts">
      <p class="brand">Vorzimmer</p>
      {placed.value !== null ? (
        <>
          <h1>{t("order.done")}</h1>
          <p>{t("link.again")}</p>
          <OrderCard order={placed.value} acts={() => null} />
        </>
      ) : (
        <Show of={link}>
          {(found) => (
            <>
              <h1>{t("link.title", { name: found.client_name })}</h1>
              <p class="soft">{t("link.until", { at: dayAndTime(found.expires_at) })}</p>
              <section class="card stack" aria-labelledby="options">
                <h2 id="options">{t("options")}</h2>
                <OrderForm prices={found.prices} onOrder={order} />
              </section>
            </>
          )}
        </Show>
      )}
    </main>
  );
}
