/** What was sent, newest first, and what became of it. */
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { caller, kindInWords } from "../calls/CallList";
import { at } from "../client";
import { asked, usePaged } from "../paged";
import { ask, href, place } from "../route";
import { dayAndTime, moment } from "../when";
import { SentDetail } from "./SentDetail";
import { CHANNELS, type Message, type MessagePage } from "./types";
import { t, word } from "./words";
import "./notifications.css";

const STATES = ["pending", "sent", "dead", "digested"] as const;
const LOOKS: Readonly<Record<string, string>> = { sent: "good", dead: "bad", pending: "warn", leased: "warn" };

export function Sent({ item }: { item: string }) {
  if (item !== "") return <SentDetail key={item} id={item} />;
  return <Found />;
}

function Found() {
  const query = place.value.query;
  const wanted = { state: query.get("state") ?? "", channel: query.get("channel") ?? "", call: query.get("call") ?? "" };
  const found = usePaged<Message, MessagePage>((before) => asked(at("/messages"), { ...wanted, before }), readPage);
  return (
    <div class="stack">
      <form class="card row" role="search" aria-label={t("sent.filter")} onSubmit={(event) => event.preventDefault()}>
        <Choice name="state" label={t("sent.state")} all={STATES} value={wanted.state} onChange={(state) => ask({ ...wanted, state })} />
        <Choice name="channel" label={t("sent.channel")} all={CHANNELS} value={wanted.channel} onChange={(channel) => ask({ ...wanted, channel })} />
        {wanted.call !== "" && (
          <p class="row">
            <span class="soft">{t("sent.of_call")}</span> <Button onClick={() => ask({})}>{t("sent.every")}</Button>
          </p>
        )}
      </form>
      <section class="card stack" aria-busy={found.all.value === null} aria-live="polite">
        {found.all.value === null && <p class="soft">{t("loading")}</p>}
        {found.all.value?.length === 0 && <p class="soft">{t("sent.none")}</p>}
        <ul class="entries">
          {found.all.value?.map((one) => (
            <li key={one.id}>
              <a class="message-line" href={href("messages", String(one.id))}>
                <MessageLine message={one} />
              </a>
            </li>
          ))}
        </ul>
        {found.next.value !== null && <Button onClick={found.more}>{t("sent.more")}</Button>}
      </section>
    </div>
  );
}

export function readPage(page: MessagePage): { all: readonly Message[]; next: string | null } {
  return { all: page.messages, next: page.next === null ? null : String(page.next) };
}

interface ChoiceProps {
  name: "state" | "channel";
  label: string;
  all: readonly string[];
  value: string;
  onChange: (value: string) => void;
}

export function Choice({ name, label, all, value, onChange }: ChoiceProps) {
  return (
    <Field label={label} class="grow">
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{t("sent.all")}</option>
        {all.map((one) => (
          <option key={one} value={one}>
            {word(name, one)}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function MessageLine({ message }: { message: Message }) {
  return (
    <>
      <span class="to">
        <strong>{word("channel", message.channel)}</strong> {message.to}
      </span>
      <State message={message} />
      <span class="about soft">{aboutInWords(message)}</span>
      <span class="number soft">{dayAndTime(message.at)}</span>
    </>
  );
}

export function State({ message }: { message: Message }) {
  return <span class={`tag ${message.report === "undelivered" ? "bad" : (LOOKS[message.state] ?? "")}`}>{stateInWords(message)}</span>;
}

export function stateInWords(message: Message): string {
  const { state, held, attempts, next_at: next, report } = message;
  if (state === "sent" && report !== null) return word("report", report);
  if (state !== "pending") return word("state", state);
  if (held) return t("state.held");
  if (next === null || attempts === 0) return word("state", state);
  return t("state.again", { at: moment(next) });
}

/** What it is about: the call with who called, or what else it is. */
export function aboutInWords({ about, call }: Message): string {
  if (call === null) return word("about", about);
  const kind = call.kind === null ? "" : `${kindInWords(call.kind)}, `;
  return `${word("about", about)}: ${kind}${caller(call)}`;
}
