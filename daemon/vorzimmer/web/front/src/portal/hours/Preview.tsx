/** What happens if somebody calls at this time, by what is typed here: decided by the function that decides real calls. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, post } from "../../api";
import { now } from "../../clock";
import { said } from "../../i18n/sentences";
import { Field } from "../../ui/Field";
import { inWords as problemInWords } from "../../ui/said";
import { at } from "../client";
import { inWords } from "../reasons";
import type { HoursTold, PreviewTold } from "./types";
import { today, wallClock } from "../when";
import { sentHours } from "./Hours";
import { Steps } from "./Steps";
import { t } from "./words";

const TYPING_MS = 400;

/** `draft`: null while it is not complete. */
export function Preview({ draft }: { draft: HoursTold | null }) {
  const day = useSignal(today());
  const time = useSignal(wallClock(now()));
  const caller = useSignal("");
  const told = useSignal<PreviewTold | null>(null);
  const wrong = useSignal("");
  const asked = draft === null ? "" : JSON.stringify(sentHours(draft));
  // By the client's clock.
  const when = day.value === "" || time.value === "" ? null : `${day.value}T${time.value}:00`;

  useEffect(() => {
    if (asked === "" || when === null) return undefined;
    let still = true;
    const look = async () => {
      const { version: _, ...wanted } = JSON.parse(asked) as HoursTold;
      const from = caller.value.trim();
      try {
        const found = await post<PreviewTold>(at("/preview"), { at: when, draft: wanted, ...(from && { caller: from }) });
        if (still) [told.value, wrong.value] = [found, ""];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (still) wrong.value = error.status === 422 ? said(error.message) : problemInWords(error);
      }
    };
    const timer = setTimeout(() => void look(), TYPING_MS);
    return () => {
      still = false;
      clearTimeout(timer);
    };
  }, [asked, when, caller.value]);

  return (
    <section class="card stack preview" aria-labelledby="preview">
      <h2 id="preview">{t("preview")}</h2>
      <div class="row end">
        <Field label={t("preview.day")} class="grow">
          <input type="date" value={day} onInput={(event) => (day.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("preview.time")} class="grow">
          <input type="time" value={time} onInput={(event) => (time.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("preview.caller")} class="grow">
          <input
            type="tel"
            placeholder={t("preview.anybody")}
            value={caller}
            onInput={(event) => (caller.value = event.currentTarget.value)}
          />
        </Field>
      </div>
      <div aria-live="polite" class="stack">
        {wrong.value !== "" && <p class="wrong">{wrong.value}</p>}
        {told.value !== null && wrong.value === "" && (
          <>
            <p>
              {told.value.state !== null && (
                <span class={`office ${told.value.state}`}>
                  <strong>{t(`state.${told.value.state}`)}</strong>
                </span>
              )}{" "}
              {inWords(told.value.reason)}
            </p>
            <Steps told={told.value} />
          </>
        )}
      </div>
    </section>
  );
}
