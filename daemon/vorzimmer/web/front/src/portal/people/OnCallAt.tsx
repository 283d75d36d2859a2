/** Who would be called at a time, by what is typed on the page. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, post } from "../../api";
import { now } from "../../clock";
import { Field } from "../../ui/Field";
import { inWords } from "../../ui/said";
import { at } from "../client";
import type { OnCall, People } from "./types";
import { today, wallClock } from "../when";
import { sentPeople } from "./Contacts";
import { t } from "./words";

const TYPING_MS = 400;

/** `draft`: null while it is not complete. */
export function OnCallAt({ draft }: { draft: People | null }) {
  const day = useSignal(today());
  const time = useSignal(wallClock(now()));
  const told = useSignal<OnCall | null>(null);
  const wrong = useSignal("");
  const asked = draft === null ? "" : JSON.stringify(sentPeople(draft));
  useEffect(() => {
    if (asked === "" || day.value === "" || time.value === "") return undefined;
    let still = true;
    const look = async () => {
      const { version: _, ...wanted } = JSON.parse(asked) as People;
      try {
        const found = await post<OnCall>(at("/contacts/on-call"), { at: `${day.value}T${time.value}:00`, draft: wanted });
        if (still) [told.value, wrong.value] = [found, ""];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (still) wrong.value = inWords(error);
      }
    };
    const timer = setTimeout(() => void look(), TYPING_MS);
    return () => {
      still = false;
      clearTimeout(timer);
    };
  }, [asked, day.value, time.value]);

  const names = (ids: readonly string[]) => ids.map((id) => draft?.contacts.find((one) => one.id === id)?.name ?? id);
  return (
    <section class="card stack" aria-labelledby="oncall">
      <h2 id="oncall">{t("oncall")}</h2>
      <div class="row">
        <Field label={t("day")} class="grow">
          <input type="date" value={day} onInput={(event) => (day.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("time")} class="grow">
          <input type="time" value={time} onInput={(event) => (time.value = event.currentTarget.value)} />
        </Field>
      </div>
      <p aria-live="polite">
        {wrong.value !== "" && <span class="wrong">{wrong.value}</span>}
        {wrong.value === "" && told.value !== null && (
          <strong>{names(told.value.on_duty).join(`, ${t("oncall.then")} `) || t("oncall.nobody")}</strong>
        )}
      </p>
    </section>
  );
}
