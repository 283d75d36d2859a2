/** Which menu callers hear first, while the office is open and while it is closed. */
import { Field } from "../../ui/Field";
import type { FirstMenus, Menu } from "./types";
import { t } from "./words";

export const ENTRANCES = ["open", "closed"] as const;

interface EntrancesProps {
  first: FirstMenus;
  menus: readonly Menu[];
  onChange: (first: FirstMenus) => void;
}

export function Entrances({ first, menus, onChange }: EntrancesProps) {
  if (menus.length === 0) return null;
  return (
    <section class="card stack" aria-labelledby="first-menus">
      <h2 id="first-menus">{t("first")}</h2>
      <p class="soft small">{t("first.why")}</p>
      <div class="row">
        {ENTRANCES.map((name) => (
          <Field key={name} label={t(`first.${name}`)} class="grow">
            <select
              value={first[name] ?? ""}
              onChange={(event) => onChange({ ...first, [name]: event.currentTarget.value || null })}
            >
              <option value="">{t("first.none")}</option>
              {menus.map((menu) => (
                <option key={menu.id} value={menu.id}>
                  {menu.title}
                </option>
              ))}
            </select>
          </Field>
        ))}
      </div>
    </section>
  );
}

/** No callers come into a menu that is gone. */
export function without(first: FirstMenus, gone: string): FirstMenus {
  return {
    open: first.open === gone ? null : first.open,
    closed: first.closed === gone ? null : first.closed,
  };
}
