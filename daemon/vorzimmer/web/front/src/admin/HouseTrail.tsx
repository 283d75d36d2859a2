/** Who changed what in the whole house, with what it was before and after. */
import { BeforeAfter } from "../portal/people/Changes";
import { ask, place } from "../portal/route";
import { dayAndTime, instant } from "../portal/when";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { asked, usePaged } from "../portal/paged";
import type { HouseChange, HouseTrail as Told } from "./types";
import { t } from "./words";

const ASKED = ["client", "actor", "what"] as const;

export function HouseTrail() {
  const query = place.value.query;
  const wanted = Object.fromEntries([...ASKED, "since"].map((name) => [name, query.get(name) ?? ""]));
  const since = wanted["since"] ? instant(wanted["since"], "00:00") : "";
  const trail = usePaged<HouseChange, Told>(
    (before) => asked("/audit", { ...wanted, since, before }),
    (page) => ({ all: page.changes, next: page.next === null ? null : String(page.next) }),
  );
  const change = (name: string, value: string) => ask({ ...wanted, [name]: value.trim() });
  return (
    <>
      <form class="card row" role="search" onSubmit={(event) => event.preventDefault()}>
        {ASKED.map((name) => (
          <Field key={name} label={t(`trail.${name}`)} class="grow">
            <input maxLength={80} value={wanted[name]} onChange={(event) => change(name, event.currentTarget.value)} />
          </Field>
        ))}
        <Field label={t("trail.since")} class="grow">
          <input type="date" value={wanted["since"]} onChange={(event) => change("since", event.currentTarget.value)} />
        </Field>
      </form>
      <section class="card stack" aria-live="polite">
        {trail.all.value === null && <p class="soft">{t("loading")}</p>}
        <ol class="entries">
          {trail.all.value?.map((one) => (
            <li key={one.id} class="stack">
              <p class="row">
                <code class="grow">
                  {one.what} {one.about}
                </code>
                {one.client !== null && <a href={`#/at/${encodeURIComponent(one.client)}/trail`}>{one.client}</a>}
                <span>{one.acting_as === null ? one.actor : t("trail.for", { who: one.actor, whom: one.acting_as })}</span>
                <span class="number soft">{dayAndTime(one.at)}</span>
              </p>
              <BeforeAfter before={one.before} after={one.after} />
            </li>
          ))}
        </ol>
        {trail.next.value !== null && <Button onClick={trail.more}>{t("orders.more")}</Button>}
      </section>
    </>
  );
}
