/** Two versions of one note, side by side where they differ: the agent says which one holds. */
import { Button } from "../../ui/Button";
import type { Note } from "../types";
import { t } from "../words";
import type { Draft } from "./draft";
import { changed } from "./notes";

export function Newer({ draft, stored }: { draft: Draft; stored: Note }) {
  const differing = draft.form.fields.filter(
    (field) => (draft.values.value[field.id] ?? "") !== (stored.values[field.id] ?? ""),
  );
  return (
    <section class="newer card" role="alertdialog" aria-label={t("notes.newer")}>
      <h3>{t("notes.newer")}</h3>
      <p>{t("notes.newer.which")}</p>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{t("notes.newer.mine")}</th>
            <th scope="col">{t("notes.newer.stored")}</th>
          </tr>
        </thead>
        <tbody>
          {differing.map((field) => (
            <tr key={field.id}>
              <th scope="row">{field.label}</th>
              <td class="text">{shown(draft.values.value[field.id])}</td>
              <td class="text">{shown(stored.values[field.id])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="row">
        <Button look="main" onClick={() => draft.keepMine()}>
          {t("notes.newer.take_mine")}
        </Button>
        <Button
          onClick={() => {
            draft.takeStored();
            changed.value++;
          }}
        >
          {t("notes.newer.take_stored")}
        </Button>
      </div>
    </section>
  );
}

function shown(value: string | boolean | undefined): string {
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return value === undefined || value === "" ? t("notes.newer.empty") : value;
}
