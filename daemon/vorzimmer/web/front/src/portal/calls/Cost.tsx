/** What a call costs and how that comes about, once it is rated. */
import { useAsked } from "../asked";
import { at } from "../client";
import type { Charges } from "../statements/types";
import { t } from "./words";

export function Cost({ id }: { id: string }) {
  const charges = useAsked<Charges>(at(`/calls/${encodeURIComponent(id)}/charges`));
  const told = charges.value.value;
  if (told === null || told.month === null) return null;
  return (
    <section class="card stack" aria-labelledby="call-cost">
      <h2 id="call-cost">{t("cost")}</h2>
      <ul class="cost">
        {told.lines.map((line, n) => (
          <li key={n} class={line.startsWith(" ") ? "step" : ""}>
            {line.trim()}
          </li>
        ))}
      </ul>
    </section>
  );
}
