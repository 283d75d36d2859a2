/** The desk between two calls: what is left to do, today's calls, and work for clients. */
import { duration } from "../clock";
import { clockTime, day } from "../i18n/language";
import { tellProblem } from "../ui/said";
import { NewAnswers } from "./Answers";
import { clientName } from "./clients";
import { callsToday, goOn, open, unfinished, type CallLine } from "./day";
import { view } from "./desk";
import { Tasks } from "./Tasks";
import type { Note } from "./types";
import { t, wordOr } from "./words";

export function Idle() {
  return (
    <section class="between" aria-label={t("log.title")}>
      <h1 class="now">{said()}</h1>
      <div class="stack">
        <NewAnswers />
        {unfinished.value.length > 0 && <Unfinished notes={unfinished.value} />}
        <section class="card">
          <h2>{t("log.title")}</h2>
          {callsToday.value.length === 0 ? <p class="soft">{t("log.none")}</p> : <Log lines={callsToday.value} />}
        </section>
      </div>
      <Tasks />
    </section>
  );
}

function Unfinished({ notes }: { notes: readonly Note[] }) {
  return (
    <section class="card unfinished">
      <h2>{t("drafts.title")}</h2>
      <ul>
        {notes.map((note) => (
          <li key={note.id}>
            <button type="button" class="link open-note" onClick={() => void goOn(note).catch(tellProblem)}>
              {`${day(note.created_at)} ${clockTime(note.created_at)} ${clientName(note.client)} – ${note.form.title}`}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function said(): string {
  const state = view.value?.state;
  switch (state) {
    case undefined:
      return "";
    case "available":
      return t("idle.waiting");
    case "paused":
      return t("idle.paused");
    case "logged_out":
      return t("idle.off");
    default:
      return t(`state.${state}`);
  }
}

function Log({ lines }: { lines: readonly CallLine[] }) {
  return (
    <table class="log">
      <thead>
        <tr>
          <th scope="col">{t("log.time")}</th>
          <th scope="col">{t("log.client")}</th>
          <th scope="col">{t("log.caller")}</th>
          <th scope="col">{t("log.talk")}</th>
          <th scope="col">{t("log.notes")}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((one) => (
          <tr key={one.call}>
            <td class="number">{clockTime(one.at)}</td>
            <td>{one.client_name}</td>
            <td>{caller(one)}</td>
            <td class="number">{duration(one.talked)}</td>
            <td>
              <Open line={one}>{noted(one)}</Open>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Open({ line, children }: { line: CallLine; children: string }) {
  return (
    <button
      type="button"
      class="link open-note"
      aria-label={t("log.open", { client: line.client_name ?? "", at: clockTime(line.at) })}
      onClick={() => void open(line).catch(tellProblem)}
    >
      {children}
    </button>
  );
}

function caller(one: CallLine): string {
  if (one.withheld) return t("pop.withheld");
  return one.caller_name ?? one.caller_shown ?? t("pop.withheld");
}

function noted(one: CallLine): string {
  const parts = [
    one.notes > 0 ? `✓ ${one.notes}` : "",
    one.drafts > 0 ? `✎ ${one.drafts}` : "",
    one.replies > 1 ? t("answer.replies", { n: one.replies }) : one.replies === 1 ? t("answer.replies.one") : "",
    one.done ? t("answer.done") : "",
    one.result === null ? "" : wordOr(`result.${one.result}`, one.result),
  ];
  return parts.filter(Boolean).join(" · ") || t("log.no_note");
}
