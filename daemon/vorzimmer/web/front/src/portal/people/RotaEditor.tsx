/** The on-call rota: who is called in which order, at which hours. */
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import type { Duty, People, Rota } from "./types";
import { HoursChoice } from "./HoursChoice";
import { t } from "./words";

const ESCALATE = 30;

export function RotaEditor({ told, onChange }: { told: People; onChange: (rota: Rota | null) => void }) {
  const { rota, contacts } = told;
  const duties = rota?.duties ?? [];
  const keep = (news: readonly Duty[]) => onChange(news.length === 0 ? null : { escalate: rota?.escalate ?? ESCALATE, duties: news });
  const set = (n: number, by: Partial<Duty>) => keep(duties.map((one, m) => (m === n ? { ...one, ...by } : one)));
  const first = contacts[0];
  return (
    <section class="card stack" aria-labelledby="rota">
      <h2 id="rota">{t("rota")}</h2>
      <p class="soft">{t(duties.length > 0 ? "rota.why" : "rota.none")}</p>
      <ol class="entries">
        {duties.map((duty, n) => (
          <li key={n} class="stack">
            <div class="row end">
              <Field label={`${t("duty", { n: n + 1 })}: ${t("duty.who")}`} class="grow">
                <select value={duty.contact} onChange={(event) => set(n, { contact: event.currentTarget.value })}>
                  {contacts.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.name}
                    </option>
                  ))}
                </select>
              </Field>
              <Button label={`${t("remove")}: ${t("duty", { n: n + 1 })}`} onClick={() => keep(duties.filter((_, m) => m !== n))}>
                {t("remove")}
              </Button>
            </div>
            <HoursChoice label={t("duty.hours")} whose={t("duty", { n: n + 1 })} hours={duty.hours} onChange={(hours) => set(n, { hours })} />
          </li>
        ))}
      </ol>
      {rota !== null && (
        <Field label={t("rota.escalate")}>
          <input
            type="number"
            min={5}
            max={300}
            value={rota.escalate}
            onChange={(event) => {
              const seconds = event.currentTarget.valueAsNumber;
              if (seconds >= 5 && seconds <= 300) onChange({ ...rota, escalate: Math.floor(seconds) });
            }}
          />
        </Field>
      )}
      {first !== undefined && (
        <p>
          <Button onClick={() => keep([...duties, { contact: first.id, hours: null }])}>{t("rota.add")}</Button>
        </p>
      )}
    </section>
  );
}
