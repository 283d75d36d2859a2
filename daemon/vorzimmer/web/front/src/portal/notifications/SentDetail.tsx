/** One message: every attempt, what the other side said, and what was sent, word for word. */
import type { ComponentChildren } from "preact";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { href } from "../route";
import { dayAndTime } from "../when";
import { aboutInWords, State } from "./Sent";
import type { Copy, MessageTold } from "./types";
import { t, word } from "./words";

export function SentDetail({ id }: { id: string }) {
  const path = at(`/messages/${encodeURIComponent(id)}`);
  const message = useAsked<MessageTold>(path);
  return (
    <div class="stack">
      <p>
        <a href={href("messages")}>← {t("sent.back")}</a>
      </p>
      <Show of={message}>
        {(told) => (
          <div class="columns even">
            <div class="stack">
              <section class="card stack">
                <h2 class="row">
                  <span class="grow">{word("channel", told.channel)}</span> <State message={told} />
                </h2>
                <Facts message={told} />
              </section>
              <Tries message={told} />
            </div>
            <WhatWasSent message={told} path={path} />
          </div>
        )}
      </Show>
    </div>
  );
}

function Facts({ message }: { message: MessageTold }) {
  const { call } = message;
  const about = aboutInWords(message);
  const reported = message.reported_at === null ? "" : `, ${dayAndTime(message.reported_at)}`;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [t("sent.to"), message.to],
    [t("sent.made"), dayAndTime(message.at)],
    [t("sent.about"), call === null ? about : <a href={href("calls", call.id)}>{about}</a>],
    [t("sent.rule"), message.rule],
    [t("sent.report"), message.report === null ? "" : word("report", message.report) + reported],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, fact]) => fact !== "")
        .map(([label, fact]) => [<dt key={label}>{label}</dt>, <dd key={`${label}-`}>{fact}</dd>])}
    </dl>
  );
}

function Tries({ message }: { message: MessageTold }) {
  return (
    <section class="card stack" aria-labelledby="tries">
      <h2 id="tries">{t("sent.tries")}</h2>
      {message.tries.length === 0 && <p class="soft">{t("sent.tries.none")}</p>}
      <ol class="entries">
        {message.tries.map((one) => (
          <li key={one.at}>
            <p class="row">
              <strong class="grow">{word("outcome", one.outcome)}</strong>
              <span class="number soft">{dayAndTime(one.at)}</span>
            </p>
            <p class="soft small said-there">{one.detail}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function WhatWasSent({ message, path }: { message: MessageTold; path: string }) {
  const { copy_sent: copy, part_of: whole } = message;
  return (
    <section class="card stack" aria-labelledby="copy">
      <h2 id="copy">{t("sent.copy")}</h2>
      {whole !== null && (
        <p>
          {t("sent.copy.digest")} <a href={href("messages", String(whole))}>{t("sent.copy.digest.show")}</a>
        </p>
      )}
      {copy === null && whole === null && <p class="soft">{t(message.erased ? "sent.copy.erased" : "sent.copy.none")}</p>}
      {copy !== null && <Shown copy={copy} path={path} />}
    </section>
  );
}

function Shown({ copy, path }: { copy: Copy; path: string }) {
  return (
    <>
      {copy.subject !== "" && <strong>{copy.subject}</strong>}
      {copy.text !== "" && (
        <pre class={`paper ${copy.kind === "json" ? "code" : ""}`} tabIndex={0}>
          {copy.text}
        </pre>
      )}
      {Array.from({ length: copy.pages }, (_, n) => (
        <img key={n} class="fax-page" loading="lazy" src={`/api${path}/pages/${n}`} alt={t("sent.copy.page", { n: n + 1 })} />
      ))}
      {copy.attachments.length > 0 && (
        <p>
          {t("sent.copy.attached")}: {copy.attachments.join(", ")}
        </p>
      )}
      <p>
        <a class="button" href={`/api${path}/copy`} download>
          {t("sent.copy.file")}
        </a>
      </p>
    </>
  );
}
