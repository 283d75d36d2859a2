/** The client's rules, one below the other: the upper one holds. */
import { useSignal } from "@preact/signals";
import { Button } from "../../ui/Button";
import { useAsked } from "../asked";
import { at } from "../client";
import type { Draft } from "../draft";
import type { People } from "../people/types";
import { RuleEditor } from "./RuleEditor";
import { begun, inShort, moved } from "./rule";
import type { Notifications, Rule } from "./types";
import { t, word } from "./words";

const MOST = 50;

export function Rules({ draft, told }: { draft: Draft<Notifications>; told: Notifications }) {
  const { rules, channels } = told;
  const people = useAsked<People>(at("/contacts"));
  const opened = useSignal<string | null>(null);
  const names = new Map(people.value.value?.contacts.map((one) => [one.id, one.name]));
  const change = (news: readonly Rule[]) => draft.change({ rules: news });
  const add = () => {
    const rule = begun(rules, channels[0] ?? "email");
    change([...rules, rule]);
    opened.value = rule.id;
  };
  return (
    <section class="card stack" aria-labelledby="rules">
      <h2 id="rules">{t("rules")}</h2>
      <p class="soft">{t("rules.why")}</p>
      {rules.length === 0 && <p class="soft">{t("rules.none")}</p>}
      <ol class="entries rules">
        {rules.map((rule, n) => {
          const wrong = wrongOf(draft.wrong.value, n);
          const open = opened.value === rule.id || Object.keys(wrong).length > 0;
          return (
            <li key={rule.id} class="stack">
              <div class="row">
                <h3 class="grow">{inShort(rule, n, names)}</h3>
                {rule.of.map((kind) => (
                  <span key={kind} class="tag">
                    {word("rule_kind", kind)}
                  </span>
                ))}
                <Button
                  label={`${t(open ? "close" : "rule.change")}: ${t("rule.name", { n: n + 1 })}`}
                  onClick={() => (opened.value = open ? null : rule.id)}
                >
                  {t(open ? "close" : "rule.change")}
                </Button>
                <Button label={`${t("up")}: ${t("rule.name", { n: n + 1 })}`} disabled={n === 0} onClick={() => change(moved(rules, n, n - 1))}>
                  ↑
                </Button>
                <Button
                  label={`${t("down")}: ${t("rule.name", { n: n + 1 })}`}
                  disabled={n === rules.length - 1}
                  onClick={() => change(moved(rules, n, n + 1))}
                >
                  ↓
                </Button>
                <Button label={`${t("remove")}: ${t("rule.name", { n: n + 1 })}`} onClick={() => change(rules.filter((_, m) => m !== n))}>
                  {t("remove")}
                </Button>
              </div>
              {open && (
                <RuleEditor
                  rule={rule}
                  n={n}
                  channels={channels}
                  people={people.value.value}
                  wrong={wrong}
                  saved={!draft.dirty.value}
                  set={(by) => change(rules.map((one, m) => (m === n ? { ...one, ...by } : one)))}
                />
              )}
            </li>
          );
        })}
      </ol>
      {rules.length < MOST && (
        <p>
          <Button onClick={add}>{t("rules.add")}</Button>
        </p>
      )}
    </section>
  );
}

/** What is wrong with this rule, by its fields. */
function wrongOf(wrong: Readonly<Record<string, string>>, n: number): Readonly<Record<string, string>> {
  const before = `rules.${n}.`;
  return Object.fromEntries(
    Object.entries(wrong)
      .filter(([field]) => field.startsWith(before))
      .map(([field, text]) => [field.slice(before.length), text]),
  );
}
