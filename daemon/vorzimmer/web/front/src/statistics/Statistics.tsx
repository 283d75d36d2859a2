/** Calls of the days that are chosen, by what is chosen: of the whole house, or of one client. */
import { useSignal } from "@preact/signals";
import { Show, useAsked } from "../portal/asked";
import { dayAfter, today } from "../portal/when";
import { Field } from "../ui/Field";
import type { By, Told } from "./types";
import { Volumes } from "./Volumes";
import { t } from "./words";

const DAYS = 28;
const MOST_DAYS = 366;
const DAY_MS = 86_400_000;
const TARGET = 20;
const MOST_SECONDS = 3600;

interface ChooseProps {
  /** Where the figures are, below /api. */
  path: string;
  by: readonly By[];
  /** Whether the target and the short threshold may be chosen. */
  thresholds?: boolean;
}

export function Statistics({ path, by: choices, thresholds = false }: ChooseProps) {
  const by = useSignal<By>(choices[0] ?? "hour");
  const until = useSignal(today());
  const since = useSignal(dayAfter(today(), 1 - DAYS));
  const [target, short] = [useSignal(TARGET), useSignal(0)];
  const days = (Date.parse(until.value) - Date.parse(since.value)) / DAY_MS;
  const right = days >= 0 && days < MOST_DAYS;
  const query = new URLSearchParams({ by: by.value, since: since.value, until: until.value });
  if (thresholds) {
    query.set("target", String(target.value));
    query.set("short", String(short.value));
  }
  const seconds = [
    ["target", target],
    ["short", short],
  ] as const;
  return (
    <section class="card stack statistics" aria-label={t("calls")}>
      <div class="row choices">
        <Field label={t("by")}>
          <select value={by.value} onChange={(event) => (by.value = event.currentTarget.value as By)}>
            {choices.map((one) => (
              <option key={one} value={one}>
                {t(`by.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("since")}>
          <input type="date" value={since.value} onInput={(event) => (since.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("until")}>
          <input type="date" value={until.value} onInput={(event) => (until.value = event.currentTarget.value)} />
        </Field>
        {thresholds &&
          seconds.map(([name, value]) => (
            <Field key={name} label={t(name)}>
              <input
                type="number"
                min={0}
                max={MOST_SECONDS}
                value={value.value}
                onChange={(event) => (value.value = whole(event.currentTarget.value))}
              />
            </Field>
          ))}
      </div>
      {right ? (
        <Found key={query.toString()} path={`${path}?${query}`} target={target.value} short={short.value} />
      ) : (
        <p class="wrong" role="alert">
          {t("days.wrong")}
        </p>
      )}
    </section>
  );
}

function Found({ path, target, short }: { path: string; target: number; short: number }) {
  const told = useAsked<Told>(path);
  return <Show of={told}>{(found) => <Volumes told={found} target={target} short={short} />}</Show>;
}

function whole(written: string): number {
  return Math.min(MOST_SECONDS, Math.max(0, Math.round(Number(written)) || 0));
}
