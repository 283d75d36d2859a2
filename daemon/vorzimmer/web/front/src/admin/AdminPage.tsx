/** The operator's pages: all clients, and of one that is chosen the same pages that its own people have. */
import { useEffect } from "preact/hooks";
import { zone } from "../i18n/language";
import { client, enter, summary } from "../portal/client";
import { PAGES } from "../portal/pages";
import { place } from "../portal/route";
import { Shell, type Page } from "../portal/Shell";
import type { Me } from "../session";
import { HouseStatistics } from "../statistics/pages";
import { tellProblem } from "../ui/said";
import { Clients } from "./Clients";
import { HouseBills } from "./HouseBills";
import { HouseMessages } from "./HouseMessages";
import { HouseOrders } from "./HouseOrders";
import { HouseTrail } from "./HouseTrail";
import { HouseUsers } from "./HouseUsers";
import { Settings } from "./Settings";
import { Stock } from "./Stock";
import { t } from "./words";
import "../portal/sentences";

const OWN: readonly Page[] = [
  { id: "clients", title: "page.clients", Body: Clients },
  { id: "numbers", title: "page.numbers", Body: Stock },
  { id: "orders", title: "page.orders", Body: HouseOrders },
  { id: "statements", title: "page.statements", Body: HouseBills },
  { id: "statistics", title: "page.statistics", Body: HouseStatistics },
  { id: "messages", title: "page.all_messages", Body: HouseMessages },
  { id: "users", title: "page.users", Body: HouseUsers },
  { id: "trail", title: "page.trail", Body: HouseTrail },
];

/** What the operator alone sets of a client stands behind what its people do. */
const OF_CLIENT: readonly Page[] = [...PAGES, { id: "settings", title: "page.settings", Body: Settings }];

export function AdminPage({ who }: { who: Me }) {
  const chosen = place.value.client;
  if (chosen !== null) return <OneClient key={chosen} chosen={chosen} who={who} />;
  return <Shell who={who} pages={OWN} ready before={<Elsewhere />} />;
}

function Elsewhere() {
  return (
    <>
      <strong>{t("nav.admin")}</strong>
      <a href="/wall">{t("nav.wall")}</a>
    </>
  );
}

function OneClient({ chosen, who }: { chosen: string; who: Me }) {
  useEffect(() => {
    const leave = enter(chosen, tellProblem);
    return () => {
      leave();
      client.value = "";
      summary.value = null;
      zone.value = who.timezone;
    };
  }, [chosen, who.timezone]);
  if (client.value !== chosen) return null;
  return (
    <Shell
      who={who}
      pages={OF_CLIENT}
      ready={summary.value !== null}
      before={
        <a class="button" href="#/clients" aria-label={t("clients.all")}>
          ←
        </a>
      }
    />
  );
}
