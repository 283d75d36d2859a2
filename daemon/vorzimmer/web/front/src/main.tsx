/** Where the page begins: who is signed in decides what is shown. */
import { render } from "preact";
import { signedOut } from "./api";
import { Console } from "./console/Console";
import { t } from "./i18n/words";
import { MustEnrol } from "./login/Enrol";
import { Login, LoginOverlay } from "./login/Login";
import { Account } from "./me/Account";
import { isAdmins, isClients, mailedLink } from "./portal/door";
import { me, start, type Me } from "./session";
import "./theme";
import { Later } from "./ui/Later";
import { Said, tellProblem } from "./ui/said";
import { isFor, tokenOfScreen } from "./wall/door";
import "./app.css";
import "./wall/wall.css";
import "./portal/portal.css";
import "./portal/ways.css";
import "./portal/pages.css";
import "./portal/announcements/announcements.css";
import "./portal/calls/calls.css";
import "./portal/hours/hours.css";
import "./portal/menus/menus.css";
import "./portal/orders/orders.css";
import "./portal/people/people.css";
import "./portal/statements/statements.css";
import "./portal/today/today.css";
import "./statistics/statistics.css";

const screen = tokenOfScreen();
const link = mailedLink();
// A mail may lead to a tab that is open already.
addEventListener("hashchange", () => mailedLink() !== null && location.reload());

const wallPage = () => import("./wall/WallPage").then((wall) => wall.WallPage);
const portalPage = () => import("./portal/PortalPage").then((portal) => portal.PortalPage);
const orderByLink = () => import("./portal/OrderByLink").then((order) => order.OrderByLink);
const choosePassword = () => import("./login/ChoosePassword").then((choose) => choose.ChoosePassword);
const adminPage = () => import("./admin/AdminPage").then((admin) => admin.AdminPage);
const roomAlone = () => import("./wall/RoomScreen").then((room) => room.RoomAlone);

function Page() {
  if (screen !== null) return <Later load={roomAlone} props={{ token: screen }} />;
  if (link !== null && link.kind === "order") return <Later load={orderByLink} props={{ token: link.token }} />;
  if (link !== null && link.kind !== "order") {
    return <Later load={choosePassword} props={{ kind: link.kind, token: link.token }} />;
  }
  const who = me.value;
  if (who === undefined) return null;
  if (who === null) return <Login />;
  if (who.must_enrol) return <MustEnrol />;
  return (
    <>
      <Room who={who} />
      {signedOut.value && <LoginOverlay />}
    </>
  );
}

function Room({ who }: { who: Me }) {
  if (isClients(who)) return <Later load={portalPage} props={{ who }} />;
  if (isAdmins(who)) return <Later load={adminPage} props={{ who }} />;
  if (isFor(who)) return <Later load={wallPage} props={{ who }} />;
  if (who.agent !== null) return <Console who={who} />;
  return (
    <main class="door">
      <section class="card">
        <p class="brand">Vorzimmer</p>
        <p>{t("me.no_page")}</p>
        <Account />
      </section>
    </main>
  );
}

const root = document.getElementById("app");
if (root !== null) {
  render(
    <>
      <Page />
      <Said />
    </>,
    root,
  );
  if (screen === null && link === null) start().catch(tellProblem);
}
