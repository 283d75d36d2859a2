/** The house's stock of numbers: which are free, whose the others are, and what can be done with each. */
import { useSignal } from "@preact/signals";
import { post } from "../api";
import { Show, useAsked } from "../portal/asked";
import { ask, place } from "../portal/route";
import { Sure } from "../portal/Sure";
import { shortDate } from "../portal/when";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { asked } from "../portal/paged";
import type { StockNumber } from "./types";
import { kindOfNumber, t } from "./words";

const STATES = ["free", "reserved", "with_client", "ported", "cooling"] as const;
const LOOKS = { free: "good", reserved: "warn", with_client: "", ported: "", cooling: "warn" } as const;

/** With which something can be done. */
const HELD: readonly string[] = ["free", "reserved", "with_client"];

export function Stock() {
  const query = place.value.query;
  const wanted = { state: query.get("state") ?? "", country: query.get("country") ?? "" };
  const stock = useAsked<{ numbers: readonly StockNumber[] }>(asked("/numbers", wanted));
  return (
    <>
      <form class="card row" role="search" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("stock.state")} class="grow">
          <select value={wanted.state} onChange={(event) => ask({ ...wanted, state: event.currentTarget.value })}>
            <option value="">{t("orders.all")}</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {t(`stock.${state}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("stock.country")} class="grow">
          <input
            maxLength={2}
            value={wanted.country}
            onInput={(event) => {
              const country = event.currentTarget.value.toUpperCase();
              if (country.length !== 1) ask({ ...wanted, country });
            }}
          />
        </Field>
      </form>
      <section class="card stack">
        <Show of={stock}>
          {({ numbers }) => (
            <ul class="entries">
              {numbers.length === 0 && <li class="soft">{t("stock.none")}</li>}
              {numbers.map((one) => (
                <li key={one.number} class="stack">
                  <Line one={one} reload={stock.reload} />
                </li>
              ))}
            </ul>
          )}
        </Show>
      </section>
      <Add onAdded={stock.reload} />
    </>
  );
}

function Line({ one, reload }: { one: StockNumber; reload: () => Promise<void> }) {
  const client = useSignal("");
  const path = `/numbers/${encodeURIComponent(one.number)}`;
  const act = async (what: "reserve" | "assign" | "release" | "port", body: object) => {
    await post(`${path}/${what}`, body);
    await reload();
  };
  const whose = one.clients.length > 0 ? one.clients : one.client === null ? [] : [one.client];
  return (
    <>
      <p class="row">
        <strong class="number">{one.number}</strong>
        <span class="soft">
          {one.country}, {kindOfNumber(one.kind)}
        </span>
        <span class="grow">
          {whose.map((name) => (
            <a key={name} href={`#/at/${encodeURIComponent(name)}/numbers`}>
              {name}{" "}
            </a>
          ))}
          <small class="soft">{[one.order, one.note].filter(Boolean).join(", ")}</small>
        </span>
        {one.until !== null && <span class="soft small">{t("stock.until", { day: shortDate(one.until.slice(0, 10)) })}</span>}
        <span class={`tag ${LOOKS[one.state]}`}>{t(`stock.${one.state}`)}</span>
      </p>
      {HELD.includes(one.state) && (
        <div class="row end">
          {(one.state === "free" || one.state === "reserved") && (
            <>
              <input
                class="narrow"
                aria-label={t("stock.client", { number: one.number })}
                placeholder={one.client ?? t("clients.id")}
                value={client}
                onInput={(event) => (client.value = event.currentTarget.value)}
              />
              {one.state === "free" && (
                <Button
                  label={`${t("stock.reserve")}: ${one.number}`}
                  disabled={client.value === ""}
                  onClick={() => act("reserve", { client: client.value })}
                >
                  {t("stock.reserve")}
                </Button>
              )}
              <Button
                label={`${t("stock.assign")}: ${one.number}`}
                disabled={client.value === "" && one.client === null}
                onClick={() => act("assign", { client: client.value || one.client })}
              >
                {t("stock.assign")}
              </Button>
            </>
          )}
          {(one.state === "reserved" || one.state === "with_client") && (
            <Sure what={t("stock.release")} of={one.number} onSure={() => act("release", { client: whose[0] ?? null })} />
          )}
          {one.state === "with_client" && (
            <Sure what={t("stock.port")} of={one.number} onSure={() => act("port", { direction: "out", client: whose[0] ?? null })} />
          )}
        </div>
      )}
    </>
  );
}

function Add({ onAdded }: { onAdded: () => Promise<void> }) {
  const lines = useSignal("");
  const country = useSignal("");
  const numbers = lines.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const add = async () => {
    await post("/numbers", { numbers, country: country.value || null });
    lines.value = "";
    await onAdded();
  };
  return (
    <details class="card">
      <summary>{t("stock.add")}</summary>
      <form class="stack" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("stock.numbers")} hint={t("stock.numbers.hint")}>
          <textarea value={lines} onInput={(event) => (lines.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("stock.country")}>
          <input maxLength={2} value={country} onInput={(event) => (country.value = event.currentTarget.value.toUpperCase())} />
        </Field>
        <p>
          <Button look="main" submits disabled={numbers.length === 0 || country.value.length === 1} onClick={add}>
            {t("stock.add")}
          </Button>
        </p>
      </form>
    </details>
  );
}
