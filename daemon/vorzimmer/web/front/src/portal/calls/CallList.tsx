/** Calls by day, the newest first: who, what became of it, and the note's first words. */
import { duration } from "../../clock";
import { clockTime, isoDay } from "../../i18n/language";
import { Icon, isPicture } from "../icons";
import { href } from "../route";
import type { CallLine } from "./types";
import { dayInWords } from "../when";
import { t } from "./words";

/** How a call can end. */
export const KINDS = [
  "answered",
  "forwarded",
  "message",
  "callback",
  "announced",
  "abandoned",
  "unreached",
  "blocked",
  "failed",
] as const;

/** `level`: of the days' headings. */
export function CallList({ calls, level: Day }: { calls: readonly CallLine[]; level: "h2" | "h3" }) {
  if (calls.length === 0) return <p class="soft">{t("found.none")}</p>;
  return (
    <>
      {byDay(calls).map(([day, ones]) => (
        <section key={day} class="calls-day">
          <Day class="day">{dayInWords(day)}</Day>
          <ul>
            {ones.map((call) => (
              <li key={call.id}>
                <Line call={call} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Line({ call }: { call: CallLine }) {
  return (
    <a class="call" href={href("calls", call.id)}>
      <Kind kind={call.kind} />
      <span class="number">{clockTime(call.at)}</span>
      <strong class="who">{caller(call)}</strong>
      <span class="became">
        {kindInWords(call.kind)}
        {call.talked > 0 && <span class="number"> {duration(call.talked)}</span>}
        {call.sounds > 0 && <span class="tag">{t("sound.here")}</span>}
        {call.urgent && <span class="tag bad">{t("urgent")}</span>}
        {call.done && <span class="tag good">{t("answer.done")}</span>}
        {call.replies > 0 && <span class="tag">{t("answer.here")}</span>}
      </span>
      {call.note !== "" && <span class="first-words">{call.note}</span>}
    </a>
  );
}

export function Kind({ kind }: { kind: string }) {
  return <span class={`kind ${kind}`}>{isPicture(kind) && <Icon of={kind} />}</span>;
}

export function kindInWords(kind: string): string {
  return t(`kind.${kind}` as "kind.answered") ?? kind;
}

export function caller(call: Pick<CallLine, "caller_name" | "caller_shown" | "withheld"> & { erased?: boolean }): string {
  const known = [call.caller_name, call.caller_shown].filter(Boolean).join(", ");
  return known || t(call.withheld ? "caller.withheld" : call.erased ? "caller.erased" : "caller.unknown");
}

function byDay(calls: readonly CallLine[]): [string, CallLine[]][] {
  const days = new Map<string, CallLine[]>();
  for (const call of calls) {
    const day = isoDay(call.at);
    days.set(day, [...(days.get(day) ?? []), call]);
  }
  return [...days];
}
