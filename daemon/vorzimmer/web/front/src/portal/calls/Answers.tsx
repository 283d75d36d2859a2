/** What the client's people say of a call: that it is done, and words to whoever took it, who reads them at once. */
import { useSignal } from "@preact/signals";
import { post } from "../../api";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { at } from "../client";
import { dayAndTime } from "../when";
import type { CallAnswer, CallAnswers } from "./types";
import { t } from "./words";

const LONGEST = 5000;

export function Answers({ call, done, answers }: { call: string } & CallAnswers) {
  const shown = useSignal<CallAnswers>({ done, answers });
  const text = useSignal("");
  const say = async (kind: CallAnswer["kind"], words = "") => {
    const path = at(`/calls/${encodeURIComponent(call)}/answers`);
    shown.value = await post<CallAnswers>(path, { kind, text: words });
  };
  const reply = async () => {
    await say("reply", text.value);
    text.value = "";
    tell(t("answer.sent"));
  };
  return (
    <section class="card stack" aria-labelledby="call-answers">
      <h2 id="call-answers" class="row">
        <span class="grow">{t("answers")}</span>
        {shown.value.done && <span class="tag good">{t("answer.done")}</span>}
      </h2>
      {shown.value.answers.map((answer) => (
        <Said key={answer.id} answer={answer} />
      ))}
      <p>
        {shown.value.done ? (
          <Button onClick={() => say("reopened")}>{t("answer.reopen")}</Button>
        ) : (
          <Button look="main" onClick={() => say("done")}>
            {t("answer.mark")}
          </Button>
        )}
      </p>
      <form class="stack" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("answer.write")} hint={t("answer.write.hint")}>
          <textarea
            rows={3}
            maxLength={LONGEST}
            value={text}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </Field>
        <p>
          <Button submits disabled={text.value.trim() === ""} onClick={reply}>
            {t("answer.send")}
          </Button>
        </p>
      </form>
    </section>
  );
}

function Said({ answer }: { answer: CallAnswer }) {
  return (
    <article class={`answer ${answer.kind}`}>
      <p>
        <strong>{t(`answer.${answer.kind}`)}</strong>{" "}
        <small class="soft">
          {dayAndTime(answer.at)}, {answer.via === "link" ? t("answer.via.link") : answer.by}
        </small>
      </p>
      {answer.text !== "" && <p class="text">{answer.text}</p>}
      {answer.attachments > 0 && <p class="soft">{t("answer.attachments", { n: answer.attachments })}</p>}
    </article>
  );
}
