/** What a rule would make of a real call of the client's, while the rule is being written. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, post } from "../../api";
import { said } from "../../i18n/sentences";
import { Field } from "../../ui/Field";
import { inWords } from "../../ui/said";
import { useAsked } from "../asked";
import { caller } from "../calls/CallList";
import type { CallPage } from "../calls/types";
import { at } from "../client";
import { dayAndTime } from "../when";
import type { Preview, Rule } from "./types";
import { t } from "./words";

const TYPING_MS = 500;
const ENCODINGS: Readonly<Record<string, string>> = { gsm7: "GSM-7", ucs2: "UCS-2" };

export function RulePreview({ rule }: { rule: Rule }) {
  const calls = useAsked<CallPage>(at("/calls"));
  const call = useSignal("");
  const shown = useSignal<Preview | null>(null);
  const problems = useSignal<readonly string[]>([]);
  const body = JSON.stringify({ rule, call: call.value || null });
  useEffect(() => {
    let still = true;
    const look = async () => {
      try {
        const found = await post<Preview>(at("/notifications/preview"), JSON.parse(body));
        if (still) [shown.value, problems.value] = [found, found.problems];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (still) problems.value = Object.values(error.fields).length > 0 ? Object.values(error.fields) : [inWords(error)];
      }
    };
    const timer = setTimeout(() => void look(), shown.peek() === null ? 0 : TYPING_MS);
    return () => {
      still = false;
      clearTimeout(timer);
    };
  }, [body]);
  return (
    <section class="stack preview" aria-label={t("rule.preview")}>
      <h4>{t("rule.preview")}</h4>
      <Field label={t("rule.preview.call")}>
        <select value={call.value} onChange={(event) => (call.value = event.currentTarget.value)}>
          <option value="">{t("rule.preview.latest")}</option>
          {calls.value.value?.calls.map((one) => (
            <option key={one.id} value={one.id}>
              {dayAndTime(one.at)}, {caller(one)}
            </option>
          ))}
        </select>
      </Field>
      <div class="stack" aria-live="polite">
        {problems.value.map((problem) => (
          <p key={problem} class="wrong">
            {said(problem)}
          </p>
        ))}
        {problems.value.length === 0 && shown.value !== null && <Look preview={shown.value} rule={rule} />}
      </div>
    </section>
  );
}

function Look({ preview, rule }: { preview: Preview; rule: Rule }) {
  const { sms } = preview;
  return (
    <>
      {preview.call === null && <p class="soft small">{t("rule.preview.example")}</p>}
      {!preview.told && <p class="soft small">{t("rule.preview.not_told")}</p>}
      {rule.channel === "webhook" && <p class="soft small">{t("rule.preview.webhook")}</p>}
      {rule.channel === "email" && <strong>{preview.subject}</strong>}
      <pre class="paper" tabIndex={0}>{sms === null ? preview.text : sms.text}</pre>
      {sms !== null && (
        <p>
          <span class={`tag ${sms.parts > 1 ? "warn" : "good"}`}>
            {t(sms.parts === 1 ? "rule.preview.sms_one" : "rule.preview.sms", { n: sms.parts, encoding: ENCODINGS[sms.encoding] ?? sms.encoding })}
          </span>
        </p>
      )}
    </>
  );
}
