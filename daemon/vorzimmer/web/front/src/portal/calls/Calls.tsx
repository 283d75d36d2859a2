/** All calls: searched and filtered by what stands in the address, so that a search can be kept and sent on. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tellProblem } from "../../ui/said";
import { at } from "../client";
import { ask, place } from "../route";
import type { CallLine, CallPage } from "./types";
import { dayAfter, shortDate, today } from "../when";
import { CallDetail } from "./CallDetail";
import { CallList, kindInWords, KINDS } from "./CallList";
import { t } from "./words";

const ASKED = ["q", "kind", "since", "until"] as const;
type Wanted = Record<(typeof ASKED)[number], string>;

const TYPING_MS = 350;
const MONTH = 30;

export function Calls({ item }: { item: string }) {
  if (item !== "") return <CallDetail id={item} />;
  return <Found />;
}

function Found() {
  const wanted = wantedOf(place.value.query);
  const asked = queryOf(wanted);
  const calls = useSignal<readonly CallLine[] | null>(null);
  const more = useSignal<string | null>(null);

  const load = async (before: string | null, still: () => boolean = () => true) => {
    const found = await get<CallPage>(at(`/calls?${withBefore(asked, before)}`));
    if (!still()) return;
    calls.value = before === null ? found.calls : [...(calls.peek() ?? []), ...found.calls];
    more.value = found.next;
  };
  useEffect(() => {
    let still = true;
    load(null, () => still).catch(tellProblem);
    return () => {
      still = false;
    };
  }, [asked]);

  return (
    <div class="stack">
      <Filter wanted={wanted} />
      <section class="card calls" aria-busy={calls.value === null} aria-live="polite">
        {calls.value === null ? <p class="soft">{t("loading")}</p> : <CallList calls={calls.value} level="h2" />}
        {more.value !== null && <Button onClick={() => load(more.value)}>{t("found.more")}</Button>}
      </section>
      <Export wanted={wanted} />
    </div>
  );
}

function Filter({ wanted }: { wanted: Wanted }) {
  const typed = useSignal(wanted.q);
  const any = Object.values(wanted).some((value) => value !== "");
  const change = (by: Partial<Wanted>) => ask({ ...wantedOf(place.peek().query), ...by });
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed.value !== wantedOf(place.peek().query).q) change({ q: typed.value });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return (
    <form class="card filter" role="search" aria-label={t("filter")} onSubmit={(event) => event.preventDefault()}>
      <Field label={t("filter.q")} hint={t("filter.q.hint")} class="query">
        <input type="search" maxLength={80} value={typed} onInput={(event) => (typed.value = event.currentTarget.value)} />
      </Field>
      <Field label={t("filter.kind")}>
        <select value={wanted.kind} onChange={(event) => change({ kind: event.currentTarget.value })}>
          <option value="">{t("kind.all")}</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {kindInWords(kind)}
            </option>
          ))}
        </select>
      </Field>
      {(["since", "until"] as const).map((end) => (
        <Field key={end} label={t(`filter.${end}`)}>
          <input type="date" value={wanted[end]} onChange={(event) => change({ [end]: event.currentTarget.value })} />
        </Field>
      ))}
      {any && (
        <Button
          onClick={() => {
            typed.value = "";
            ask({});
          }}
        >
          {t("filter.clear")}
        </Button>
      )}
    </form>
  );
}

/** A file is of some days: of those that are asked for, else of the last month. */
function Export({ wanted }: { wanted: Wanted }) {
  const until = wanted.until || today();
  const since = wanted.since || dayAfter(until, -MONTH);
  const asked = queryOf({ ...wanted, since, until });
  return (
    <p class="row">
      <span class="soft">{t("found.export", { since: shortDate(since), until: shortDate(until) })}</span>
      {(["csv", "xlsx"] as const).map((form) => (
        <a key={form} class="button" href={`/api${at(`/calls.${form}?${asked}`)}`} download>
          {form.toUpperCase()}
        </a>
      ))}
    </p>
  );
}

function wantedOf(query: URLSearchParams): Wanted {
  return Object.fromEntries(ASKED.map((name) => [name, query.get(name) ?? ""])) as Wanted;
}

function queryOf(wanted: Wanted): string {
  return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== "")).toString();
}

function withBefore(asked: string, before: string | null): string {
  const query = new URLSearchParams(asked);
  if (before !== null) query.set("before", before);
  return query.toString();
}
