/** The first page: what happens to a call now, the switch for today, the notices, and who called last. */
import { Show, useAsked } from "../asked";
import { CallList, Kind, kindInWords } from "../calls/CallList";
import { at, summary } from "../client";
import { href } from "../route";
import type { CallPage } from "../calls/types";
import type { Person, Summary } from "./types";
import { Notices } from "./Notices";
import { Switch } from "./Switch";
import { today } from "../when";
import { t } from "./words";

const LATEST = 5;

export function Today() {
  const calls = useAsked<CallPage>(at("/calls"));
  return (
    <div class="columns">
      <div class="stack">
        {summary.value !== null && <Switch now={summary.value} />}
        {summary.value !== null && <Counts now={summary.value} />}
        <Notices />
      </div>
      <section class="card" aria-labelledby="today-calls">
        <div class="row">
          <h2 id="today-calls" class="grow">
            {t("calls.last")}
          </h2>
          <a href={href("calls")}>{t("calls.all")}</a>
        </div>
        <Show of={calls}>{(page) => <CallList calls={page.calls.slice(0, LATEST)} level="h3" />}</Show>
      </section>
    </div>
  );
}

/** What became of the day's calls, and who can be reached. */
function Counts({ now }: { now: Summary }) {
  const kinds = Object.entries(now.today).filter(([, count]) => count > 0);
  const people = (found: readonly Person[]) => found.map((person) => person.name).join(", ") || t("reach.nobody");
  return (
    <section class="card stack" aria-labelledby="today-counts">
      <h2 id="today-counts">{t("counts")}</h2>
      {kinds.length === 0 && <p class="soft">{t("counts.none")}</p>}
      <ul class="counts">
        {kinds.map(([kind, count]) => (
          <li key={kind}>
            <a href={href("calls", "", { kind, since: today() })}>
              <Kind kind={kind} />
              <strong class="number">{count}</strong> {kindInWords(kind)}
            </a>
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>{t("reach")}</dt>
        <dd>{people(now.reachable)}</dd>
        {now.on_duty.length > 0 && [<dt key="duty">{t("duty")}</dt>, <dd key="on">{people(now.on_duty)}</dd>]}
      </dl>
    </section>
  );
}
