/** What was not delivered, why, and what is done about it: sent again or given up, one by one or all of a kind. */
import { post } from "../api";
import { Choice, MessageLine, readPage } from "../portal/notifications/Sent";
import { CHANNELS, type Message, type MessagePage } from "../portal/notifications/types";
import { asked, usePaged } from "../portal/paged";
import { ask, place } from "../portal/route";
import { Sure } from "../portal/Sure";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { tell } from "../ui/said";
import { t } from "./words";
import "../portal/notifications/notifications.css";

const STATES = ["dead", "pending", "leased", "sent", "digested", "skipped"] as const;
const TEXTS = ["client", "target"] as const;

export function HouseMessages() {
  const query = place.value.query;
  const wanted = {
    state: query.get("state") ?? "dead",
    channel: query.get("channel") ?? "",
    client: query.get("client") ?? "",
    target: query.get("target") ?? "",
  };
  const path = (before: string | null) => asked("/messages", { ...wanted, before, state: wanted.state === "all" ? "" : wanted.state });
  const found = usePaged<Message, MessagePage>(path, readPage);
  const narrowed = wanted.channel !== "" || wanted.client !== "" || wanted.target !== "";
  const all = async () => {
    const { state: _, ...which } = wanted;
    const filled = Object.fromEntries(Object.entries(which).filter(([, value]) => value !== ""));
    const done = await post<{ count: number; more: boolean }>("/messages/resend", filled);
    tell(t(done.more ? "messages.resent.more" : "messages.resent", { n: done.count }));
    await found.reload();
  };
  return (
    <>
      <form class="card row end" role="search" onSubmit={(event) => event.preventDefault()}>
        <Choice
          name="state"
          label={t("messages.state")}
          all={STATES}
          value={wanted.state === "all" ? "" : wanted.state}
          onChange={(state) => ask({ ...wanted, state: state || "all" })}
        />
        <Choice name="channel" label={t("messages.channel")} all={CHANNELS} value={wanted.channel} onChange={(channel) => ask({ ...wanted, channel })} />
        {TEXTS.map((name) => (
          <Field key={name} label={t(`messages.${name}`)} class="grow">
            <input maxLength={300} value={wanted[name]} onChange={(event) => ask({ ...wanted, [name]: event.currentTarget.value.trim() })} />
          </Field>
        ))}
      </form>
      <section class="card stack" aria-live="polite" aria-busy={found.all.value === null}>
        {found.all.value === null && <p class="soft">{t("loading")}</p>}
        {found.all.value?.length === 0 && <p class="soft">{t(wanted.state === "dead" ? "messages.none.dead" : "messages.none")}</p>}
        {wanted.state === "dead" && narrowed && (found.all.value?.length ?? 0) > 0 && (
          <Sure what={t("messages.resend.all")} of={[wanted.client, wanted.channel, wanted.target].filter(Boolean).join(", ")} onSure={all} />
        )}
        <ol class="entries">
          {found.all.value?.map((one) => (
            <li key={one.id} class="stack">
              <Line message={one} reload={found.reload} />
            </li>
          ))}
        </ol>
        {found.next.value !== null && <Button onClick={found.more}>{t("orders.more")}</Button>}
      </section>
    </>
  );
}

function Line({ message, reload }: { message: Message; reload: () => Promise<void> }) {
  const act = async (what: "resend" | "give-up") => {
    await post(`/messages/${message.id}/${what}`);
    await reload();
  };
  const letter = message.about === "letter";
  const base = `#/at/${encodeURIComponent(message.client)}`;
  return (
    <>
      <div class="message-line">
        <MessageLine message={message} />
      </div>
      {message.detail !== "" && <p class="small said-there">{message.detail}</p>}
      <div class="row">
        <span class="grow row">
          {message.client !== "" && <a href={`${base}/notifications`}>{message.client}</a>}
          {message.client !== "" && !letter && message.state !== "skipped" && (
            <a href={`${base}/messages/${message.id}`} aria-label={`${t("messages.show")}: ${message.id}`}>
              {t("messages.show")}
            </a>
          )}
        </span>
        {message.state === "dead" && !letter && (
          <Button label={`${t("messages.resend")}: ${message.to}`} onClick={() => act("resend")}>
            {t("messages.resend")}
          </Button>
        )}
        {message.state === "pending" && <Sure what={t("messages.give_up")} of={message.to} onSure={() => act("give-up")} />}
      </div>
    </>
  );
}
