/** One menu: its prompt, its keys and where they lead, and what happens when none is pressed. */
import type { ComponentChildren } from "preact";
import { said } from "../../i18n/sentences";
import { Field } from "../../ui/Field";
import { titleOf } from "../announcements/words";
import { Sure } from "../Sure";
import type { Fault, Menu } from "./types";
import { kept, TargetList, type Choices } from "./TargetList";
import { t } from "./words";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"] as const;
const OTHERWISE = "otherwise";

interface MenuEditorProps {
  menu: Menu;
  choices: Choices;
  faults: readonly Fault[];
  onChange: (menu: Menu) => void;
  onRemove: () => void;
}

export function MenuEditor({ menu, choices, faults, onChange, onRemove }: MenuEditorProps) {
  const set = (by: Partial<Menu>) => onChange({ ...menu, ...by });
  const of = (key: string | null) => faults.filter((fault) => fault.key === key);
  const used = Object.keys(menu.keys);
  const free = KEYS.filter((key) => !used.includes(key));
  const heading = `menu-${menu.id}`;
  return (
    <section class="card stack menu" aria-labelledby={heading}>
      <div class="row">
        <h2 id={heading} class="grow">
          {menu.title}
        </h2>
        <Sure what={t("menu.remove")} of={menu.title} onSure={onRemove} />
      </div>
      <Faults faults={of(null)} />
      <Texts menu={menu} choices={choices} set={set} />
      <h3>{t("keys")}</h3>
      <ul class="entries">
        {KEYS.filter((key) => used.includes(key)).map((key) => (
          <Branch
            key={key}
            head={
              <>
                <kbd>{key}</kbd>
                <button
                  type="button"
                  class="link small"
                  aria-label={t("key.remove", { key })}
                  onClick={() => set({ keys: without(menu.keys, key) })}
                >
                  {t("remove")}
                </button>
              </>
            }
          >
            <TargetList
              where={`${menu.title}, ${t("key", { key })}`}
              targets={menu.keys[key] ?? []}
              choices={choices}
              onChange={(targets) => set({ keys: { ...menu.keys, [key]: targets } })}
            />
            <Faults faults={of(key)} />
          </Branch>
        ))}
      </ul>
      {free.length > 0 && (
        <Field label={t("key.add")} class="add-key">
          <select
            value=""
            onChange={(event) => {
              const key = event.currentTarget.value;
              event.currentTarget.value = "";
              if (key !== "") set({ keys: { ...menu.keys, [key]: [{ to: "queue" }] } });
            }}
          >
            <option value="">{t("choose")}</option>
            {free.map((key) => (
              <option key={key} value={key}>
                {t("key", { key })}
              </option>
            ))}
          </select>
        </Field>
      )}
      <h3>{t("menu.otherwise")}</h3>
      {menu.otherwise.length === 0 && <p class="soft">{t("menu.otherwise.none")}</p>}
      <TargetList
        where={`${menu.title}, ${t("menu.otherwise")}`}
        targets={menu.otherwise}
        choices={choices}
        onChange={(otherwise) => set({ otherwise })}
      />
      <Faults faults={of(OTHERWISE)} />
    </section>
  );
}

function Texts({ menu, choices, set }: { menu: Menu; choices: Choices; set: (by: Partial<Menu>) => void }) {
  const numbers = [
    ["timeout", 1, 60],
    ["repeats", 0, 5],
  ] as const;
  return (
    <div class="row end">
      <Field label={t("menu.title")} class="grow">
        <input maxLength={80} value={menu.title} onInput={(event) => set({ title: event.currentTarget.value })} />
      </Field>
      <Field label={t("menu.prompt")} class="grow">
        <select value={menu.prompt} onChange={(event) => set({ prompt: event.currentTarget.value })}>
          {kept(choices.sounds, menu.prompt).map((name) => (
            <option key={name} value={name}>
              {titleOf(name)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("menu.wrong")} class="grow">
        <select value={menu.wrong ?? ""} onChange={(event) => set({ wrong: event.currentTarget.value || null })}>
          <option value="">{t("menu.wrong.none")}</option>
          {kept(choices.sounds, menu.wrong).map((name) => (
            <option key={name} value={name}>
              {titleOf(name)}
            </option>
          ))}
        </select>
      </Field>
      {numbers.map(([field, min, max]) => (
        <Field key={field} label={t(`menu.${field}`)} class="narrow">
          <input
            type="number"
            min={min}
            max={max}
            value={menu[field]}
            onInput={(event) => {
              const typed = event.currentTarget.valueAsNumber;
              if (typed >= min && typed <= max) set({ [field]: Math.floor(typed) });
            }}
          />
        </Field>
      ))}
    </div>
  );
}

function Branch({ head, children }: { head: ComponentChildren; children: ComponentChildren }) {
  return (
    <li class="branch">
      <div class="stack">{head}</div>
      <div class="stack">{children}</div>
    </li>
  );
}

export function Faults({ faults }: { faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <ul class="faults">
      {faults.map((fault) => (
        <li key={fault.text} class="wrong">
          {said(fault.text)}
        </li>
      ))}
    </ul>
  );
}

function without(keys: Menu["keys"], key: string): Menu["keys"] {
  return Object.fromEntries(Object.entries(keys).filter(([one]) => one !== key));
}
