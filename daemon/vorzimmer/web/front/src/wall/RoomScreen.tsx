/** The screen on the wall of the room: read from five metres, by everybody, so it names no caller. */
import { useEffect } from "preact/hooks";
import { duration } from "../clock";
import { doubtful, follow, houseClock, lasting, wall as told } from "./feed";
import { ofWait, SHAPES, targetOf } from "./grades";
import { Stale } from "./Stale";
import { inOrder, isMissing, Shape } from "./states";
import { Level, Living } from "./Tiles";
import type { Wall } from "./types";
import { t } from "./words";

/** Rows that fit on a screen of 16:9. */
const ROWS = 6;
const CHIPS = 20;

/** `alone`: a screen that nobody signs in at, and that leads nowhere else. */
export function RoomScreen({ wall, alone }: { wall: Wall; alone: boolean }) {
  useEffect(stayAwake, []);
  return (
    <div class={`room-screen ${doubtful.value ? "is-old" : ""}`}>
      <h1 class="unseen">{t("room.title")}</h1>
      <Stale wall={wall} />
      <main>
        <dl class="tiles">
          <Living wall={wall} />
          <Level wall={wall} digits={0} />
        </dl>
        <div class="sides">
          <section aria-labelledby="room-waiting">
            <h2 id="room-waiting">{t("waiting")}</h2>
            <Line wall={wall} />
          </section>
          <section aria-labelledby="room-agents">
            <h2 id="room-agents">{t("agents")}</h2>
            <Chips wall={wall} />
          </section>
        </div>
      </main>
      <footer>
        <time class="number">{houseClock()}</time>
        <span>
          {t("tile.level")}: {t("level.formula", { n: targetOf(wall) })}
        </span>
        {!alone && <a href="#">{t("room.leave")}</a>}
      </footer>
    </div>
  );
}

/** For a screen that comes with the token of a program. */
export function RoomAlone({ token }: { token: string }) {
  useEffect(() => follow(token), [token]);
  return told.value === null ? <p class="wall-loading">{t("loading")}</p> : <RoomScreen wall={told.value} alone />;
}

function Line({ wall }: { wall: Wall }) {
  if (wall.waiting.length === 0) return <p class="nobody">{t("waiting.none")}</p>;
  const longest = [...wall.waiting].sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  const shown = longest.slice(0, longest.length > ROWS ? ROWS - 1 : ROWS);
  return (
    <ol class="line">
      {shown.map((one) => {
        const waited = lasting(one.since);
        const grade = ofWait(waited, targetOf(wall));
        return (
          <li key={one.call} class={grade}>
            <span class="who">{one.client_name || t("client.unknown")}</span>
            <span class="number">
              <span aria-hidden="true">{SHAPES[grade]}</span> {duration(waited)}
              <span class="unseen"> {t(`grade.${grade}`)}</span>
            </span>
          </li>
        );
      })}
      {longest.length > shown.length && <li class="more">{t("waiting.more", { n: longest.length - shown.length })}</li>}
    </ol>
  );
}

function Chips({ wall }: { wall: Wall }) {
  const there = inOrder(wall.agents).filter((agent) => agent.state !== "logged_out" || isMissing(agent));
  const names = shortNames(there.map((agent) => agent.name));
  const size = there.length <= 8 ? "few" : there.length <= 12 ? "some" : "many";
  const shown = there.slice(0, there.length > CHIPS ? CHIPS - 1 : CHIPS);
  return (
    <ul class={`people ${size}`}>
      {shown.map((agent, n) => {
        const missing = isMissing(agent);
        return (
          <li key={agent.agent} class={missing ? "missing" : agent.state}>
            <b>{names[n]}</b> <span class="number">{missing ? "" : duration(lasting(agent.since))}</span>
            <span class="state-word">
              <Shape state={agent.state} missing={missing} /> {t(missing ? "state.missing.short" : `state.${agent.state}`)}
            </span>
          </li>
        );
      })}
      {there.length > shown.length && <li class="more">{t("waiting.more", { n: there.length - shown.length })}</li>}
    </ul>
  );
}

/** First names; with the initial of the last name, or whole, where two would be the same. */
function shortNames(names: readonly string[]): string[] {
  const first = names.map((name) => name.split(" ")[0] ?? name);
  const longer = names.map((name, n) => `${first[n]} ${name.split(" ").slice(1).pop()?.charAt(0) ?? ""}.`);
  const once = (word: string | undefined, among: readonly string[]) => among.filter((one) => one === word).length === 1;
  return names.map((name, n) => [first[n], longer[n]].find((word, way) => once(word, way ? longer : first)) ?? name);
}

/** Keep the screen on while it is seen, where the browser can. */
function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const ask = () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then(
      (got) => {
        if (over) void got.release();
        else lock = got;
      },
      () => undefined, // a low battery: the screen may go dark
    );
  };
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
