/** What the client's server checks webhooks by: shown when it is made, and never again. */
import { useSignal } from "@preact/signals";
import { post } from "../../api";
import { Button } from "../../ui/Button";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { Sure } from "../Sure";
import { dayAndTime } from "../when";
import type { SecretState } from "./types";
import { t } from "./words";

export function WebhookSecret() {
  const secret = useAsked<SecretState>(at("/webhook-secret"));
  const made = useSignal("");
  const make = async (at_once: boolean) => {
    const found = await post<SecretState & { secret: string }>(at("/webhook-secret"), { at_once });
    made.value = found.secret;
    secret.take(found);
  };
  return (
    <section class="card stack" aria-labelledby="webhook-secret">
      <h2 id="webhook-secret">{t("secret")}</h2>
      <p class="soft">{t("secret.why")}</p>
      <Show of={secret}>
        {(told) => (
          <>
            <p class="soft">{told.made_at === null ? t("secret.none") : t("secret.since", { at: dayAndTime(told.made_at) })}</p>
            {told.old_until !== null && <p class="soft">{t("secret.old", { at: dayAndTime(told.old_until) })}</p>}
            {made.value !== "" && (
              <p role="status">
                {t("secret.once")} <code class="secret">{made.value}</code>
              </p>
            )}
            <div class="row">
              <Button onClick={() => make(false)}>{t(told.made_at === null ? "secret.make" : "secret.anew")}</Button>
              {told.made_at !== null && <Sure what={t("secret.at_once")} of={t("secret")} onSure={() => make(true)} />}
            </div>
          </>
        )}
      </Show>
    </section>
  );
}
