/** Who changed what, the newest first, with what it was before and after. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api";
import { Button } from "../../ui/Button";
import { tellProblem } from "../../ui/said";
import { at } from "../client";
import type { Changed, Trail } from "./types";
import { dayAndTime } from "../when";
import { t } from "./words";

export function Changes() {
  const changes = useSignal<readonly Changed[] | null>(null);
  const next = useSignal<number | null>(null);
  const load = async (before: number | null) => {
    const found = await get<Trail>(at(`/audit${before === null ? "" : `?before=${before}`}`));
    changes.value = [...(before === null ? [] : (changes.peek() ?? [])), ...found.changes];
    next.value = found.next;
  };
  useEffect(() => void load(null).catch(tellProblem), []);
  if (changes.value === null) return <p class="soft">{t("loading")}</p>;
  if (changes.value.length === 0) return <p class="card soft">{t("trail.none")}</p>;
  return (
    <section class="card stack">
      <ol class="entries">
        {changes.value.map((change) => (
          <li key={change.id} class="stack">
            <p class="row">
              <strong class="grow">{change.text}</strong>
              <span class="soft">{change.by}</span>
              <span class="number soft">{dayAndTime(change.at)}</span>
            </p>
            <BeforeAfter before={change.before} after={change.after} />
          </li>
        ))}
      </ol>
      {next.value !== null && (
        <p>
          <Button onClick={() => load(next.value)}>{t("trail.more")}</Button>
        </p>
      )}
    </section>
  );
}

type Values = Readonly<Record<string, unknown>> | null;

/** What differs, as it was and as it is. */
export function BeforeAfter({ before, after }: { before: Values; after: Values }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (names.length === 0) return null;
  return (
    <details>
      <summary>{t("trail.details")}</summary>
      <div class="scrolls" tabIndex={0} role="region" aria-label={t("trail.details")}>
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">{t("trail.before")}</th>
              <th scope="col">{t("trail.after")}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{shown(before?.[name])}</code>
                </td>
                <td>
                  <code>{shown(after?.[name])}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return t("none");
  return typeof value === "string" ? value : JSON.stringify(value);
}
