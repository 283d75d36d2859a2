/** All clients and how they are now; choosing one leads to its pages. */
import { useSignal } from "@preact/signals";
import { post } from "../api";
import { inWords } from "../portal/reasons";
import { ask, go, place } from "../portal/route";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { tell } from "../ui/said";
import { asked, usePaged } from "../portal/paged";
import type { ClientState, ClientStates } from "./types";
import { t } from "./words";

export function Clients() {
  const q = place.value.query.get("q") ?? "";
  const found = usePaged<ClientState, ClientStates>(
    (after) => asked("/admin/clients", { q, after }),
    (page) => ({ all: page.clients, next: page.next }),
  );
  return (
    <>
      <form class="card" role="search" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("clients.find")} hint={t("clients.find.hint")}>
          <input type="search" maxLength={80} value={q} onInput={(event) => ask({ q: event.currentTarget.value })} />
        </Field>
      </form>
      <section class="card stack" aria-live="polite">
        {found.all.value === null && <p class="soft">{t("loading")}</p>}
        {found.all.value?.length === 0 && <p class="soft">{t("clients.none")}</p>}
        <ul class="entries">
          {found.all.value?.map((one) => (
            <li key={one.id} class="row">
              <a class="grow" href={`#/at/${encodeURIComponent(one.id)}/today`}>
                <strong>{one.name}</strong>
                <br />
                <small class="soft">
                  {one.id} · {one.numbers.join(", ")}
                </small>
              </a>
              <span class="soft small">{t("clients.calls", { n: one.calls_today })}</span>
              {one.switched && <span class="tag warn">{t("clients.switched")}</span>}
              <span class={`office ${one.state}`} title={inWords(one.reason)}>
                <strong>{t(`state.${one.state}`)}</strong>
              </span>
            </li>
          ))}
        </ul>
        {found.next.value !== null && <Button onClick={found.more}>{t("clients.more")}</Button>}
      </section>
      <details class="card">
        <summary>{t("clients.add")}</summary>
        <NewClient />
      </details>
    </>
  );
}

function NewClient() {
  const id = useSignal("");
  const name = useSignal("");
  const number = useSignal("");
  const fields = [
    ["clients.id", id, "clients.id.hint"],
    ["name", name, null],
    ["clients.number", number, null],
  ] as const;
  const add = async () => {
    const made = await post<{ id: string; name: string }>("/clients", {
      id: id.value.trim(),
      name: name.value.trim(),
      number: number.value.trim(),
    });
    tell(t("clients.made", { name: made.name }));
    go(`#/at/${encodeURIComponent(made.id)}/hours`);
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      {fields.map(([label, value, hint]) => (
        <Field key={label} label={t(label)} hint={hint === null ? undefined : t(hint)}>
          <input value={value} maxLength={120} onInput={(event) => (value.value = event.currentTarget.value)} />
        </Field>
      ))}
      <p>
        <Button look="main" submits disabled={fields.some(([, value]) => value.value.trim() === "")} onClick={add}>
          {t("clients.add")}
        </Button>
      </p>
    </form>
  );
}
