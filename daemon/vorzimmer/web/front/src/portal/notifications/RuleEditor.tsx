/** One rule: to whom, of which calls, when, and how it looks; beside it what it would make of a real call. */
import { post } from "../../api";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { at } from "../client";
import type { People } from "../people/types";
import { OwnWords } from "./OwnWords";
import { Quiet } from "./Quiet";
import { Recipients } from "./Recipients";
import { RulePreview } from "./RulePreview";
import { plain } from "./rule";
import { FACTS, RECORDINGS, RULE_KINDS, type Channel, type Rule } from "./types";
import { t, word } from "./words";

const MOST_TIMES = 24;
const EVENING = "18:00";
const LANGUAGES = { de: "Deutsch", en: "English", zh: "中文" } as const;

interface RuleEditorProps {
  rule: Rule;
  n: number;
  channels: readonly Channel[];
  people: People | null;
  wrong: Readonly<Record<string, string>>;
  saved: boolean;
  set: (by: Partial<Rule>) => void;
}

export function RuleEditor({ rule, n, channels, people, wrong, saved, set }: RuleEditorProps) {
  const offered = channels.includes(rule.channel) ? channels : [rule.channel, ...channels];
  return (
    <div class="columns even rule">
      <div class="stack">
        <Field label={t("rule.channel")} wrong={plain(wrong["channel"])}>
          <select value={rule.channel} onChange={(event) => set(byChannel(rule, event.currentTarget.value as Channel))}>
            {offered.map((channel) => (
              <option key={channel} value={channel}>
                {word("channel", channel)}
              </option>
            ))}
          </select>
        </Field>
        <Recipients rule={rule} people={people} wrong={wrong} set={set} />
        <Ticks title={t("rule.of")} none={t("mail.of.all")} all={RULE_KINDS} ticked={rule.of} group="rule_kind" onChange={(of) => set({ of })} />
        <When rule={rule} wrong={wrong} set={set} />
        <Quiet quiet={rule.quiet} wrong={plain(wrong["quiet"])} onChange={(quiet) => set({ quiet })} />
        <Look rule={rule} set={set} />
      </div>
      <div class="stack">
        <OwnWords rule={rule} wrong={wrong} set={set} />
        <RulePreview rule={rule} />
        <Test rule={rule} n={n} saved={saved} />
      </div>
    </div>
  );
}

/** Another way has other addresses; whoever is named by name stays where that way reaches people. */
function byChannel(rule: Rule, channel: Channel): Partial<Rule> {
  const named = channel === "email" || channel === "sms" ? rule.to.filter((one) => one === "on-call" || one.startsWith("contact:")) : [];
  const recording = channel !== "email" && rule.recording === "attached" ? "linked" : rule.recording;
  return { channel, to: named.length > 0 ? named : [""], recording };
}

interface TicksProps<T extends string> {
  title: string;
  none: string;
  all: readonly T[];
  ticked: readonly T[];
  group: "rule_kind" | "fact";
  onChange: (ticked: readonly T[]) => void;
}

/** Some of several; none ticked means something of its own. */
function Ticks<T extends string>({ title, none, all, ticked, group, onChange }: TicksProps<T>) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {ticked.length === 0 && <p class="soft">{none}</p>}
      <div class="kinds">
        {all.map((one) => (
          <label key={one} class="check">
            <input
              type="checkbox"
              checked={ticked.includes(one)}
              onChange={(event) => onChange(event.currentTarget.checked ? [...ticked, one] : ticked.filter((other) => other !== one))}
            />
            {word(group, one)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

type Part = Pick<RuleEditorProps, "rule" | "set">;

function When({ rule, wrong, set }: Part & Pick<RuleEditorProps, "wrong">) {
  const { digest } = rule;
  const together = digest.length > 0;
  return (
    <fieldset class="stack">
      <legend>{t("rule.when")}</legend>
      <div class="row">
        <label class="check">
          <input type="radio" checked={!together} onChange={() => set({ digest: [] })} />
          {t("rule.at_once")}
        </label>
        <label class="check">
          <input type="radio" checked={together} onChange={() => set({ digest: [EVENING] })} />
          {t("rule.digest")}
        </label>
      </div>
      {together && (
        <>
          <div class="row end">
            {digest.map((time, m) => (
              <Field key={m} label={t("rule.digest.time", { n: m + 1 })} wrong={plain(wrong[`digest.${m}`])}>
                <input
                  type="time"
                  value={time.slice(0, 5)}
                  onInput={(event) => set({ digest: digest.map((one, k) => (k === m ? event.currentTarget.value : one)) })}
                />
              </Field>
            ))}
            {digest.length > 1 && (
              <Button label={`${t("remove")}: ${t("rule.digest.time", { n: digest.length })}`} onClick={() => set({ digest: digest.slice(0, -1) })}>
                −
              </Button>
            )}
            {digest.length < MOST_TIMES && (
              <Button label={t("rule.digest.add")} onClick={() => set({ digest: [...digest, ""] })}>
                +
              </Button>
            )}
          </div>
          <p class="soft small">{t("rule.digest.urgent")}</p>
        </>
      )}
    </fieldset>
  );
}

function Look({ rule, set }: Part) {
  const recordings = rule.channel === "email" ? RECORDINGS : RECORDINGS.filter((one) => one !== "attached");
  const facts = rule.facts.length > 0;
  return (
    <details open={facts || rule.numbers === "shortened" || rule.language !== null}>
      <summary>{t("rule.look")}</summary>
      <div class="stack">
        <div class="row end">
          <Field label={t("rule.language")} class="grow">
            <select value={rule.language ?? ""} onChange={(event) => set({ language: event.currentTarget.value || null })}>
              <option value="">{t("rule.language.client")}</option>
              {Object.entries(LANGUAGES).map(([code, name]) => (
                <option key={code} value={code} lang={code}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t("rule.recording")} class="grow">
            <select value={rule.recording} onChange={(event) => set({ recording: event.currentTarget.value as Rule["recording"] })}>
              {recordings.map((one) => (
                <option key={one} value={one}>
                  {t(`recording.${one}`)}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={rule.numbers === "shortened"}
            onChange={(event) => set({ numbers: event.currentTarget.checked ? "shortened" : "whole" })}
          />
          {t("rule.shortened")}
        </label>
        <Ticks title={t("rule.facts")} none={t("rule.facts.all")} all={FACTS} ticked={rule.facts} group="fact" onChange={(some) => set({ facts: some })} />
      </div>
    </details>
  );
}

function Test({ rule, n, saved }: { rule: Rule; n: number; saved: boolean }) {
  const test = async () => {
    const sentTo = await post<{ to: readonly string[] }>(at("/notifications/test"), { rule: rule.id });
    tell(t("mail.test.done", { to: sentTo.to.join(", ") }));
  };
  const why = t(saved ? "rule.test.why" : "rule.test.first");
  return (
    <p class="row">
      <Button label={`${t("rule.test")}: ${t("rule.name", { n: n + 1 })}`} disabled={!saved} title={why} onClick={test}>
        {t("rule.test")}
      </Button>
      <span class="soft small">{why}</span>
    </p>
  );
}
