/** The client's numbers, and whether its own ones are forwarded as they should be. */
import { useSignal } from "@preact/signals";
import { post } from "../../api";
import { said } from "../../i18n/sentences";
import { Button } from "../../ui/Button";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import type { ForwardingCheck, Numbers as Told, OwnNumber } from "./types";
import { dayAndTime, moment } from "../when";
import { t } from "./words";

const PATIENCE_MS = 100_000;

export function Numbers() {
  const numbers = useAsked<Told>(at("/numbers"));
  return <Show of={numbers}>{(told) => <All told={told} reload={numbers.reload} />}</Show>;
}

function All({ told, reload }: { told: Told; reload: () => Promise<void> }) {
  return (
    <div class="columns">
      <div class="stack">
        <section class="card stack" aria-labelledby="numbers">
          <h2 id="numbers">{t("numbers")}</h2>
          <ul>
            {told.numbers.map((one) => (
              <li key={one.number}>
                <span class="number">{one.number}</span>
                {one.diverted_from.length > 0 && (
                  <small class="soft"> {t("shared", { numbers: one.diverted_from.join(", ") })}</small>
                )}
              </li>
            ))}
          </ul>
        </section>
        <section class="card stack" aria-labelledby="own-numbers">
          <h2 id="own-numbers">{t("own")}</h2>
          <p class="soft">{t(told.own.length > 0 ? "own.why" : "own.none")}</p>
          <ul class="entries">
            {told.own.map((one) => (
              <li key={one.number}>
                <Own own={one} reload={reload} />
              </li>
            ))}
          </ul>
        </section>
      </div>
      <section class="card stack" aria-labelledby="checks">
        <h2 id="checks">{t("checks")}</h2>
        {told.checks.length === 0 && <p class="soft">{t("checks.none")}</p>}
        <ol class="entries">
          {told.checks.map((check) => (
            <li key={`${check.number} ${check.at}`} class="stack">
              <p class="row">
                <span class="number grow">{check.number}</span> <Verdict check={check} />
              </p>
              <small class="soft">
                {dayAndTime(check.at)}, {check.opening === null ? t("checks.asked") : t("checks.before", { at: moment(check.opening) })}:{" "}
                {said(check.reason)}
              </small>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Own({ own, reload }: { own: OwnNumber; reload: () => Promise<void> }) {
  const ringing = useSignal(false);
  const check = async () => {
    ringing.value = true;
    try {
      await post(at(`/own-numbers/${encodeURIComponent(own.number)}/check`), {}, { within: PATIENCE_MS });
      await reload();
    } finally {
      ringing.value = false;
    }
  };
  return (
    <div class="stack">
      <p class="row">
        <strong class="number">{own.number}</strong>
        <span class="grow soft">{t("own.to", { did: own.did })}</span>
        {own.last_check !== null && <Verdict check={own.last_check} />}
      </p>
      <p class="row">
        <small class="grow soft">
          {own.last_check === null ? t("check.never") : t("check.last", { at: dayAndTime(own.last_check.at) })}
          {!own.watch && `, ${t("own.unwatched")}`}
        </small>
        <Button label={`${t("check")}: ${own.number}`} onClick={check}>
          {t("check")}
        </Button>
      </p>
      <p role="status">{ringing.value && t("check.under_way")}</p>
    </div>
  );
}

const LOOKS = { forwarded: "good", not_forwarded: "bad", wrong_did: "bad", loop: "bad", not_checked: "warn" } as const;

function Verdict({ check }: { check: ForwardingCheck }) {
  return <span class={`tag ${LOOKS[check.verdict]}`}>{t(`verdict.${check.verdict}`)}</span>;
}
