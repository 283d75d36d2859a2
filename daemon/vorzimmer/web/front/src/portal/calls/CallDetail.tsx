/** One call: what happened, what was noted, and what can be heard of it. */
import type { ComponentChildren } from "preact";
import { duration } from "../../clock";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { inWords } from "../reasons";
import { href } from "../route";
import { Answers } from "./Answers";
import type { CallNote, CallPhase, CallSound, CallTold } from "./types";
import { dayAndTime } from "../when";
import { Cost } from "./Cost";
import { caller, Kind, kindInWords } from "./CallList";
import { t } from "./words";

export function CallDetail({ id }: { id: string }) {
  const call = useAsked<CallTold>(at(`/calls/${encodeURIComponent(id)}`));
  return (
    <div class="stack">
      <p>
        <a href={href("calls")}>← {t("to_list")}</a>
      </p>
      <Show of={call}>{(told) => <Told call={told} />}</Show>
    </div>
  );
}

function Told({ call }: { call: CallTold }) {
  return (
    <div class="columns">
      <div class="stack">
        <section class="card stack">
          <h2 class="row">
            <Kind kind={call.kind} /> <span class="grow">{caller(call)}</span>
          </h2>
          <Facts call={call} />
          <p class="row">
            {call.caller !== null && (
              <a class="button" href={`tel:${call.caller}`}>
                {t("call.back")}
              </a>
            )}
            <a href={href("messages", "", { call: call.id })}>{t("call.sent")}</a>
          </p>
        </section>
        <Sounds call={call} />
      </div>
      <div class="stack">
        <Notes notes={call.notes} />
        <Answers call={call.id} done={call.done} answers={call.answers} />
        <Met phases={call.phases} />
        <Cost id={call.id} />
      </div>
    </div>
  );
}

function Facts({ call }: { call: CallTold }) {
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [t("began"), dayAndTime(call.at)],
    [t("kind"), kindInWords(call.kind)],
    [t("number"), call.did_shown],
    [t("waited"), call.waited > 0 ? duration(call.waited) : ""],
    [t("talked"), call.talked > 0 ? duration(call.talked) : ""],
    [t("forwarded"), call.forwarded > 0 ? duration(call.forwarded) : ""],
    [t("lasted"), duration(call.lasted)],
    [t("agents"), call.agents.join(", ")],
    [t("why"), call.reason === "" ? "" : inWords(call.reason)],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, fact]) => fact !== "")
        .map(([label, fact]) => [<dt key={label}>{label}</dt>, <dd key={`${label}-`}>{fact}</dd>])}
    </dl>
  );
}

function Sounds({ call }: { call: CallTold }) {
  if (call.sounds.length === 0) return null;
  return (
    <section class="card stack" aria-labelledby="call-sounds">
      <h2 id="call-sounds">{t("sounds")}</h2>
      {call.sounds.map((sound) => (
        <Sound key={sound.n} call={call.id} sound={sound} />
      ))}
    </section>
  );
}

function Sound({ call, sound }: { call: string; sound: CallSound }) {
  const title = t(`sound.${sound.kind}`);
  if (sound.gone) return <p class="soft">{t("sound.gone")}</p>;
  const source = `/api${at(`/calls/${encodeURIComponent(call)}/audio/${sound.n}`)}`;
  return (
    <figure class="stack">
      <figcaption>
        {title} <span class="soft number">{duration(sound.seconds)}</span>
      </figcaption>
      <audio controls preload="none" src={source} aria-label={title} />
      <p>
        <a class="button" href={`${source}?download=true`} download>
          {t("sound.download")}
        </a>
      </p>
    </figure>
  );
}

function Notes({ notes }: { notes: readonly CallNote[] }) {
  return (
    <section class="card stack" aria-labelledby="call-notes">
      <h2 id="call-notes">{t("notes")}</h2>
      {notes.length === 0 && <p class="soft">{t("notes.none")}</p>}
      {notes.map((note) => (
        <article key={note.at} class="stack">
          <h3 class="row">
            {note.title} {note.urgent && <span class="tag bad">{t("urgent")}</span>}
          </h3>
          <dl class="facts">
            {note.fields.map((field) => [
              <dt key={field.label}>{field.label}</dt>,
              <dd key={`${field.label}-`} class="text">
                {typeof field.value === "boolean" ? t(field.value ? "yes" : "no") : field.value}
              </dd>,
            ])}
          </dl>
          <small class="soft">{t("notes.by", { who: note.author, at: dayAndTime(note.at) })}</small>
        </article>
      ))}
    </section>
  );
}

/** What the caller met, one after another. */
function Met({ phases }: { phases: readonly CallPhase[] }) {
  if (phases.length === 0) return null;
  return (
    <section class="card stack" aria-labelledby="call-met">
      <h2 id="call-met">{t("met")}</h2>
      <ol class="steps">
        {phases.map((phase) => (
          <li key={phase.at}>
            <span>
              {phase.text} <span class="soft number">{duration(phase.seconds)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
