/** What clients answered: the new ones as a list to go through, and those of one call beside its notes. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../api";
import { clockTime, day } from "../i18n/language";
import { Button } from "../ui/Button";
import { type Answer, type NewAnswer, newAnswers, seen } from "./replied";
import { openCall } from "./day";
import { t } from "./words";

export function NewAnswers() {
  if (newAnswers.value.length === 0) return null;
  return (
    <section class="card answers" aria-label={t("answer.title")}>
      <h2>{t("answer.title")}</h2>
      <ul>
        {newAnswers.value.map((one) => (
          <li key={one.id}>
            <p class="row">
              <strong class="grow">{one.client_name}</strong>
              {one.mine && (
                <Button onClick={() => openCall(one.call, one.client, one.call_at ?? one.at)}>{t("answer.open")}</Button>
              )}
              <Button onClick={() => seen(one)}>{t("answer.seen")}</Button>
            </p>
            <p class="soft">{about(one)}</p>
            <Said answer={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The answers to a call, fetched whenever a new one is told. */
export function AnswersOf({ call }: { call: string }) {
  const found = useSignal<readonly Answer[]>([]);
  const latest = newAnswers.value.find((one) => one.call === call)?.id;
  useEffect(() => {
    const stop = new AbortController();
    get<{ answers: Answer[] }>(`/calls/${encodeURIComponent(call)}/answers`, { signal: stop.signal }).then(
      ({ answers }) => (found.value = answers),
      () => (found.value = []),
    );
    return () => stop.abort();
  }, [call, latest]);
  return <SaidOf answers={found.value} />;
}

export function SaidOf({ answers }: { answers: readonly Answer[] }) {
  return (
    <>
      {answers.map((answer) => (
        <Said key={answer.id} answer={answer} />
      ))}
    </>
  );
}

function Said({ answer }: { answer: Answer }) {
  return (
    <div class={`answer ${answer.kind}`}>
      <p>
        <strong>{t(`answer.${answer.kind}`)}</strong>{" "}
        <small class="soft">
          {day(answer.at)} {clockTime(answer.at)} · {answer.via === "link" ? t("answer.via.link") : answer.by}
        </small>
      </p>
      {answer.text !== "" && <p class="text">{answer.text}</p>}
      {answer.attachments > 0 && <p class="soft">{t("answer.attachments", { n: answer.attachments })}</p>}
    </div>
  );
}

function about(one: NewAnswer): string {
  const when = one.call_at === null ? "" : `${day(one.call_at)} ${clockTime(one.call_at)}`;
  return [when, one.caller_name, one.caller_shown].filter(Boolean).join(" · ");
}
