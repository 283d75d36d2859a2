/** The PIN by which the client switches and leaves notices from any telephone. */
import { useSignal } from "@preact/signals";
import { post, remove } from "../../api";
import { Button } from "../../ui/Button";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { Sure } from "../Sure";
import type { PinState } from "./types";
import { dayAndTime } from "../when";
import { t } from "./words";

export function Pin() {
  const pin = useAsked<PinState>(at("/pin"));
  const made = useSignal("");
  const make = async () => {
    const found = await post<PinState & { pin: string }>(at("/pin"));
    made.value = found.pin;
    pin.take(found);
  };
  const drop = async () => {
    made.value = "";
    pin.take(await remove<PinState>(at("/pin")));
  };
  return (
    <section class="card stack" aria-labelledby="pin">
      <h2 id="pin">{t("pin")}</h2>
      <p class="soft">{t("pin.why")}</p>
      <Show of={pin}>
        {(told) => (
          <>
            {told.number_shown !== null && <p>{t("pin.call", { number: told.number_shown, code: told.code })}</p>}
            <p class="soft">{told.set_at === null ? t("pin.none") : t("pin.since", { at: dayAndTime(told.set_at) })}</p>
            {made.value !== "" && (
              <p role="status">
                {t("pin.once")} <code class="pin">{made.value}</code>
              </p>
            )}
            <div class="row">
              <Button onClick={make}>{t(told.set_at === null ? "pin.make" : "pin.anew")}</Button>
              {told.set_at !== null && <Sure what={t("delete")} of={t("pin")} onSure={drop} />}
            </div>
          </>
        )}
      </Show>
    </section>
  );
}
