/** The figures that matter most: who waits and how long, who is free, how the day goes. */
import type { ComponentChildren } from "preact";
import { duration } from "../clock";
import { clockTime, language } from "../i18n/language";
import { doubtful, lasting, stale } from "./feed";
import { ofFree, ofLevel, ofWaiting, SHAPES, targetOf, type Grade } from "./grades";
import { ORDER, Shape } from "./states";
import type { Wall } from "./types";
import { t } from "./words";

/** How large a figure may be written, by its length. */
function size(characters: number): string {
  return characters > 5 ? "longer" : characters > 4 ? "long" : "";
}

export function longestWait(wall: Wall): number | null {
  return wall.waiting.length === 0 ? null : Math.max(...wall.waiting.map((one) => lasting(one.since)));
}

export function percentOf(value: number | null): string {
  return value === null ? "–" : `${figure(value, 1)} %`;
}

function figure(value: number, digits: number): string {
  return value.toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { maximumFractionDigits: digits });
}

interface TileProps {
  name: string;
  value: string;
  unit?: string;
  grade: Grade | null;
  /** What is shown is no longer sure. */
  old: boolean;
  children?: ComponentChildren;
}

export function Tile({ name, value, unit, grade, old, children }: TileProps) {
  return (
    <div class={`tile ${old ? "old" : (grade ?? "")}`}>
      <dt>{name}</dt>
      <dd>
        <span class={`value ${size(value.length + (unit === undefined ? 0 : 2))}`}>
          {value}
          {unit !== undefined && <span class="unit"> {unit}</span>}
        </span>
        {old ? (
          <span class="grade">{t("stale.old")}</span>
        ) : (
          grade !== null && (
            <span class="grade">
              <span aria-hidden="true">{SHAPES[grade]}</span> {t(`grade.${grade}`)}
            </span>
          )
        )}
        {children}
      </dd>
    </div>
  );
}

export function Tiles({ wall }: { wall: Wall }) {
  return (
    <dl class="tiles">
      <Living wall={wall} />
      <Level wall={wall} digits={1} />
    </dl>
  );
}

export function Living({ wall }: { wall: Wall }) {
  const longest = longestWait(wall);
  const grade = ofWaiting(wall, longest);
  const there = wall.agents.filter((agent) => agent.state !== "logged_out").length;
  const free = wall.agents.filter((agent) => agent.state === "available").length;
  return (
    <>
      <Tile name={t("tile.waiting")} value={String(wall.waiting.length)} grade={grade} old={doubtful.value} />
      <Tile
        name={t("tile.longest")}
        value={longest === null ? t("tile.nobody") : duration(longest)}
        grade={grade}
        old={doubtful.value}
      />
      <Tile
        name={t("tile.free")}
        value={String(free)}
        grade={ofFree(free, wall.waiting.length)}
        old={doubtful.value}
      >
        <small>{t("tile.of", { n: there })}</small>
      </Tile>
    </>
  );
}

/** `digits` behind the comma: from afar there are none. */
export function Level({ wall, digits }: { wall: Wall; digits: number }) {
  const level = wall.service_level;
  const percent = level?.percent ?? null;
  const old = stale.value || wall.database_away;
  return (
    <Tile
      name={t("tile.level")}
      value={percent === null ? "–" : figure(percent, digits)}
      {...(percent === null ? {} : { unit: "%" })}
      grade={ofLevel(percent)}
      old={old}
    >
      {level !== null && (
        <small>
          {level.offered === 0
            ? t("level.none")
            : t("tile.counts", { answered: level.answered, abandoned: level.abandoned })}
        </small>
      )}
    </Tile>
  );
}

export function Formula({ wall }: { wall: Wall }) {
  const level = wall.service_level;
  return (
    <p class="soft small">
      {t("tile.level")}: {t("level.formula", { n: targetOf(wall) })}
      {level !== null && <>; {t("level.ended", { at: clockTime(level.at) })}</>}
    </p>
  );
}

export function ByState({ wall }: { wall: Wall }) {
  const counts = ORDER.map((state) => ({ state, n: wall.agents.filter((agent) => agent.state === state).length }));
  return (
    <ul class="by-state row" aria-label={t("tile.agents")}>
      {counts
        .filter(({ n }) => n > 0)
        .map(({ state, n }) => (
          <li key={state} class={`chip ${state}`}>
            <Shape state={state} /> <b>{n}</b> {t(`state.${state}`)}
          </li>
        ))}
    </ul>
  );
}
