/** Open or closed now, why, until when; and the switch that goes before the hours. */
import { useSignal, type Signal } from "@preact/signals";
import { put, remove } from "../../api";
import { now } from "../../clock";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { at, take } from "../client";
import { inWords } from "../reasons";
import type { Override, Summary } from "./types";
import { instant, iso, moment, today, wallClock } from "../when";
import { t } from "./words";

const EVENING = "18:00";
const MIDNIGHT = "23:59";

export function Switch({ now }: { now: Summary }) {
  const back = async () => {
    take(await remove<Summary>(at("/override")));
    tell(t("switch.done"));
  };
  return (
    <section class={`card stack now ${now.state}`} aria-labelledby="today-now">
      <h2 id="today-now">
        {t(`state.${now.state}`)}
        {now.until !== null && <span class="number"> {t("state.until", { at: moment(now.until) })}</span>}
      </h2>
      <p>{inWords(now.reason)}</p>
      {now.override !== null ? <Button onClick={back}>{t("switch.back")}</Button> : <Otherwise open={now.state === "open"} />}
    </section>
  );
}

/** The other way round, until when. */
function Otherwise({ open }: { open: boolean }) {
  const day = useSignal(today());
  const time = useSignal(wallClock(now()) < EVENING ? EVENING : MIDNIGHT);
  const forGood = useSignal(false);
  const until = forGood.value ? null : instant(day.value, time.value);
  const change = async () => {
    const wanted: Override = { state: open ? "closed" : "open", until };
    take(await put<Summary>(at("/override"), wanted));
    tell(t("switch.done"));
  };
  const complete = forGood.value || (until !== null && until > iso(now()));
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <h3>{t("switch")}</h3>
      <fieldset class="row end" disabled={forGood.value}>
        <legend class="unseen">{t("switch.until")}</legend>
        <Moment label={t("switch.until.day")} type="date" value={day} />
        <Moment label={t("switch.until.time")} type="time" value={time} />
      </fieldset>
      <label class="check">
        <input type="checkbox" checked={forGood} onChange={(event) => (forGood.value = event.currentTarget.checked)} />
        {t("switch.for_good")}
      </label>
      <Button look={open ? "danger" : "strong"} submits disabled={!complete} onClick={change}>
        {t(open ? "switch.close" : "switch.open")}
      </Button>
      <small class="soft">{t("switch.why")}</small>
    </form>
  );
}

function Moment({ label, type, value }: { label: string; type: "date" | "time"; value: Signal<string> }) {
  return (
    <Field label={label} class="grow">
      <input
        type={type}
        min={type === "date" ? today() : undefined}
        value={value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
    </Field>
  );
}
