/** Where a key leads: one target after another, until the caller is served. */
import { Button } from "../../ui/Button";
import { titleOf } from "../announcements/words";
import type { Contact } from "../people/types";
import type { Menu, Target } from "./types";
import { t } from "./words";

/** What a target can name. */
export interface Choices {
  readonly menus: readonly Menu[];
  readonly contacts: readonly Contact[];
  readonly onCall: boolean;
  readonly sounds: readonly string[];
}

interface TargetListProps {
  /** Behind which key, for who hears it. */
  where: string;
  targets: readonly Target[];
  choices: Choices;
  onChange: (targets: readonly Target[]) => void;
}

const KINDS = ["queue", "contact", "machine", "announcement", "menu", "callback", "back", "mobile", "hangup"] as const;
const MOST = 5;
const ON_CALL = "rota";

/** Kinds behind which nothing more can happen. */
const ENDS: readonly string[] = ["back", "menu", "hangup"];

export function TargetList({ where, targets, choices, onChange }: TargetListProps) {
  const put = (n: number, target: Target) => onChange(targets.map((one, m) => (m === n ? target : one)));
  const last = targets[targets.length - 1];
  return (
    <div class="stack">
      {targets.map((target, n) => (
        <div key={n} class="row target">
          <select
            class="grow"
            aria-label={t("target", { where: place(where, n) })}
            value={target.to}
            onChange={(event) => put(n, begun(event.currentTarget.value, choices))}
          >
            {kindsFor(target).map((kind) => (
              <option key={kind} value={kind}>
                {t(`to.${kind}` as "to.queue")}
              </option>
            ))}
          </select>
          <Which where={place(where, n)} target={target} choices={choices} onChange={(changed) => put(n, changed)} />
          <button
            type="button"
            class="close"
            aria-label={t("target.remove", { where: place(where, n) })}
            onClick={() => onChange(targets.filter((_, m) => m !== n))}
          >
            ×
          </button>
        </div>
      ))}
      {targets.length < MOST && (last === undefined || !ENDS.includes(last.to)) && (
        <p>
          <Button label={`${where}: ${t("target.add")}`} onClick={() => onChange([...targets, begun("queue", choices)])}>
            {targets.length === 0 ? t("add") : t("target.add")}
          </Button>
        </p>
      )}
    </div>
  );
}

function place(where: string, n: number): string {
  return n === 0 ? where : `${where} (${n + 1})`;
}

/** What only the operator sets up can stay, but not be chosen anew. */
function kindsFor(target: Target): readonly string[] {
  return (KINDS as readonly string[]).includes(target.to) ? KINDS : [target.to, ...KINDS];
}

function begun(to: string, choices: Choices): Target {
  if (to === "contact") return { to, contact: choices.contacts[0]?.id ?? ON_CALL };
  if (to === "announcement") return { to, sound: choices.sounds[0] ?? "greeting" };
  if (to === "menu") return { to, menu: choices.menus[0]?.id ?? "" };
  if (to === "mobile") return { to, number: "" };
  return { to };
}

interface WhichProps {
  where: string;
  target: Target;
  choices: Choices;
  onChange: (target: Target) => void;
}

function Which({ where, target, choices, onChange }: WhichProps) {
  const options = optionsFor(target, choices);
  const label = t("target.which", { where });
  if (options !== null) {
    const { field, all } = options;
    return (
      <select
        class="grow"
        aria-label={label}
        value={String(target[field] ?? "")}
        onChange={(event) => onChange({ ...target, [field]: event.currentTarget.value })}
      >
        {all.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    );
  }
  if (target.to !== "mobile" && target.to !== "partner") return null;
  return (
    <input
      type="tel"
      class="grow"
      aria-label={`${t("number")}: ${where}`}
      placeholder={t("number")}
      value={String(target["number"] ?? "")}
      onInput={(event) => onChange({ ...target, number: event.currentTarget.value })}
    />
  );
}

type Options = { field: string; all: readonly (readonly [string, string])[] };

function optionsFor(target: Target, choices: Choices): Options | null {
  switch (target.to) {
    case "contact": {
      const people = choices.contacts.map((one) => [one.id, one.name] as const);
      return { field: "contact", all: choices.onCall ? [...people, [ON_CALL, t("contact.rota")]] : people };
    }
    case "announcement":
      return { field: "sound", all: kept(choices.sounds, target["sound"]).map((name) => [name, titleOf(name)]) };
    case "menu":
      return { field: "menu", all: choices.menus.map((menu) => [menu.id, menu.title]) };
    default:
      return null;
  }
}

/** What is chosen stays in the list, also where it is gone. */
export function kept(names: readonly string[], chosen: unknown): readonly string[] {
  return typeof chosen === "string" && chosen !== "" && !names.includes(chosen) ? [chosen, ...names] : names;
}
