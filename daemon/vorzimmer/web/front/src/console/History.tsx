/** The caller's earlier calls to this client, and what was noted of them: fetched after the pop, for nothing waits for it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../api";
import { duration } from "../clock";
import { clockTime, day } from "../i18n/language";
import type { Answer } from "./replied";
import { SaidOf } from "./Answers";
import type { Pop } from "./types";
import { t, wordOr } from "./words";

interface EarlierNote {
  title: string;
  urgent: boolean;
  fields: { label: string; value: string | boolean }[];
  author: string;
  at: string;
}

interface EarlierCall {
  call: string;
  at: string;
  disposition: string;
  talked: number;
  answered_by: string | null;
  result: string | null;
  notes: EarlierNote[];
  answers: Answer[];
}

type Found = readonly EarlierCall[] | "waits" | "away";

export function History({ told }: { told: Pop }) {
  const found = useSignal<Found>("waits");
  useEffect(() => {
    if (told.caller === null) return undefined;
    const stop = new AbortController();
    found.value = "waits";
    get<{ calls: EarlierCall[] }>(`/calls/${encodeURIComponent(told.call)}/history`, { signal: stop.signal }).then(
      ({ calls }) => (found.value = calls),
      () => (found.value = "away"),
    );
    return () => stop.abort();
  }, [told.call]);

  return (
    <section class="history">
      <h2>{t("history.title")}</h2>
      {told.caller === null ? <p class="soft">{t("history.unknown_caller")}</p> : <Calls found={found.value} />}
    </section>
  );
}

function Calls({ found }: { found: Found }) {
  if (found === "waits") return <p class="soft">{t("history.waits")}</p>;
  if (found === "away") return <p class="soft">{t("history.away")}</p>;
  if (found.length === 0) return <p class="soft">{t("history.none")}</p>;
  return (
    <ol>
      {found.map((call) => (
        <li key={call.call}>
          <p class="row">
            <strong class="number">
              {day(call.at)} {clockTime(call.at)}
            </strong>
            <span class="soft">{outcome(call)}</span>
            {call.result !== null && <span class="chip">{wordOr(`result.${call.result}`, call.result)}</span>}
          </p>
          {call.notes.map((note) => (
            <div key={`${note.at}${note.title}`} class="noted">
              <strong>
                {note.urgent ? "! " : ""}
                {note.title}
              </strong>{" "}
              <small class="soft">{note.author}</small>
              {note.fields.map(({ label, value }) => (
                <p key={label} class="text">
                  <span class="soft">{label}:</span> {value === true ? "✓" : value}
                </p>
              ))}
            </div>
          ))}
          <SaidOf answers={call.answers} />
        </li>
      ))}
    </ol>
  );
}

function outcome(call: EarlierCall): string {
  const how = wordOr(`disposition.${call.disposition}`, call.disposition);
  const parts = [how, call.talked > 0 ? duration(call.talked) : "", call.answered_by ?? ""];
  return parts.filter(Boolean).join(" · ");
}
