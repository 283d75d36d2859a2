/** Every call of a bill with what it costs; opened, it tells how that comes about. */
import { useSignal } from "@preact/signals";
import { duration } from "../../clock";
import { Button } from "../../ui/Button";
import { Show, useAsked } from "../asked";
import { kindInWords } from "../calls/CallList";
import { at } from "../client";
import { asked, usePaged } from "../paged";
import { href } from "../route";
import { dayAndTime } from "../when";
import { exact } from "./figures";
import type { BilledCall, BilledCalls as Page, Charges } from "./types";
import { t } from "./words";

export function BilledCalls({ month, currency }: { month: string; currency: string }) {
  const calls = usePaged<BilledCall, Page>(
    (after) => asked(at(`/statements/${month}/calls`), { after }),
    (page) => ({ all: page.calls, next: page.next === null ? null : String(page.next) }),
  );
  return (
    <section class="card stack" aria-labelledby="billed-calls" aria-busy={calls.all.value === null}>
      <h2 id="billed-calls">{t("calls")}</h2>
      <p class="soft">{t(calls.all.value?.length === 0 ? "calls.none" : "calls.says")}</p>
      <ul class="billed">
        {calls.all.value?.map((call) => (
          <li key={call.id}>
            <One call={call} currency={currency} />
          </li>
        ))}
      </ul>
      {calls.next.value !== null && <Button onClick={calls.more}>{t("calls.more")}</Button>}
    </section>
  );
}

function One({ call, currency }: { call: BilledCall; currency: string }) {
  const open = useSignal(false);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <span class="number">{dayAndTime(call.began)}</span>
        <span class="number">{who(call)}</span>
        <span>{kindInWords(call.disposition)}</span>
        <span class="soft">{phases(call)}</span>
        <span class="soft">{call.why}</span>
        <span class="amount number">
          {exact(call.net)} {currency}
        </span>
      </summary>
      {open.value && <Why id={call.id} />}
    </details>
  );
}

function Why({ id }: { id: string }) {
  const charges = useAsked<Charges>(at(`/calls/${encodeURIComponent(id)}/charges`));
  return (
    <div class="why stack">
      <Show of={charges}>
        {(told) => (
          <ul>
            {told.lines.map((line, n) => (
              <li key={n} class={line.startsWith(" ") ? "step" : ""}>
                {line.trim()}
              </li>
            ))}
          </ul>
        )}
      </Show>
      <p>
        <a href={href("calls", id)}>{t("call.open")}</a>
      </p>
    </div>
  );
}

function who(call: BilledCall): string {
  const told = call.number ?? t(`hidden.${call.hidden ?? "unknown"}`);
  return call.direction === "out" ? t("call.to", { number: told }) : told;
}

function phases(call: BilledCall): string {
  return Object.entries(call.phases)
    .map(([phase, seconds]) => `${t(`phase.${phase}` as "phase.talk")} ${duration(Number(seconds))}`)
    .join(", ");
}
