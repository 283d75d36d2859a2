/** The supervisor's wall; under #room the same for the wall of the room. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clockTime } from "../i18n/language";
import { Account } from "../me/Account";
import type { Me } from "../session";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Later } from "../ui/Later";
import { Agents, StageNow } from "./Agents";
import { follow, wall } from "./feed";
import { Export, History } from "./History";
import { Calls, Waiting } from "./Lists";
import { byFiveMinutes, Plot } from "./Plot";
import { RoomScreen } from "./RoomScreen";
import { Stale } from "./Stale";
import { watch } from "./supervising";
import { ByState, Formula, Tiles } from "./Tiles";
import type { Wall } from "./types";
import { t } from "./words";

const room = signal(inRoom());
const account = signal(false);
const statistics = signal(false);

const statisticsOfHouse = () => import("../statistics/pages").then((pages) => pages.WallStatistics);

function inRoom(): boolean {
  return location.hash.startsWith("#room");
}

addEventListener("hashchange", () => (room.value = inRoom()));

export function WallPage({ who }: { who: Me }) {
  useEffect(() => follow(null), [who.user]);
  useEffect(watch, []);
  useEffect(() => {
    document.title = t(room.value ? "room.title" : "title");
  }, [room.value]);
  if (wall.value === null) return <p class="wall-loading">{t("loading")}</p>;
  if (room.value) return <RoomScreen wall={wall.value} alone={false} />;
  return <Supervisor wall={wall.value} who={who} />;
}

function Supervisor({ wall, who }: { wall: Wall; who: Me }) {
  const today = wall.at.slice(0, 10);
  return (
    <div class="wall">
      <header class="row">
        <h1>{t("title")}</h1>
        <span class="number soft">{clockTime(wall.at)}</span>
        <span class="grow" />
        <nav class="row" aria-label={t("nav.label")}>
          {who.agent !== null && <a href="/">{t("nav.console")}</a>}
          {who.role === "admin" && <a href="/admin">{t("nav.admin")}</a>}
          <a href="#room">{t("room.open")}</a>
          <Button label={`${t("nav.account")}: ${who.name}`} onClick={() => (account.value = true)}>
            {who.name}
          </Button>
        </nav>
      </header>
      <Stale wall={wall} />
      <StageNow />
      <main class="stack">
        <div class="stack">
          <Tiles wall={wall} />
          <Formula wall={wall} />
        </div>
        <div class="columns">
          <div class="stack">
            <section class="card" aria-labelledby="wall-waiting">
              <h2 id="wall-waiting">{t("waiting")}</h2>
              <Waiting wall={wall} />
            </section>
            <section class="card" aria-labelledby="wall-hour">
              <h2 id="wall-hour">{t("hour.title")}</h2>
              <Plot bars={byFiveMinutes(wall.last_hour)} every={3} width={560} table />
            </section>
          </div>
          <div class="stack">
            <section class="card" aria-labelledby="wall-agents">
              <div class="row">
                <h2 id="wall-agents" class="grow">
                  {t("agents")}
                </h2>
                <ByState wall={wall} />
              </div>
              <Agents wall={wall} />
            </section>
            <section class="card" aria-labelledby="wall-calls">
              <h2 id="wall-calls">{t("calls")}</h2>
              <Calls wall={wall} />
            </section>
          </div>
        </div>
        <details class="card">
          <summary>{t("history")}</summary>
          <History today={today} />
        </details>
        <details class="card" onToggle={(event) => (statistics.value = event.currentTarget.open)}>
          <summary>{t("statistics")}</summary>
          {statistics.value && <Later load={statisticsOfHouse} props={{}} />}
        </details>
        <details class="card">
          <summary>{t("export")}</summary>
          <Export today={today} />
        </details>
      </main>
      {account.value && (
        <Dialog title={`${t("me.title")}: ${who.name}`} onClose={() => (account.value = false)}>
          <Account />
        </Dialog>
      )}
    </div>
  );
}
