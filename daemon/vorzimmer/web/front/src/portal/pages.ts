/** The portal's pages in their order: the first four are at hand on a phone. */
import { Announcements } from "./announcements/Announcements";
import { Calls } from "./calls/Calls";
import { Hours } from "./hours/Hours";
import { Menus } from "./menus/Menus";
import { Numbers } from "./numbers/Numbers";
import { Orders } from "./orders/Orders";
import { Changes } from "./people/Changes";
import { Contacts } from "./people/Contacts";
import { Notifications } from "./notifications/Notifications";
import { Sent } from "./notifications/Sent";
import { Users } from "./people/Users";
import { OwnStatistics } from "../statistics/pages";
import type { Page } from "./Shell";
import { Statements } from "./statements/Statements";
import { Today } from "./today/Today";

export const PAGES: readonly Page[] = [
  { id: "today", title: "page.today", Body: Today },
  { id: "calls", title: "page.calls", Body: Calls },
  { id: "hours", title: "page.hours", Body: Hours },
  { id: "announcements", title: "page.announcements", Body: Announcements },
  { id: "menus", title: "page.menus", Body: Menus },
  { id: "contacts", title: "page.contacts", Body: Contacts },
  { id: "notifications", title: "page.notifications", Body: Notifications },
  { id: "messages", title: "page.messages", Body: Sent },
  { id: "numbers", title: "page.numbers", Body: Numbers },
  { id: "statements", title: "page.statements", Body: Statements },
  { id: "statistics", title: "page.statistics", Body: OwnStatistics },
  { id: "orders", title: "page.orders", Body: Orders },
  { id: "users", title: "page.users", Body: Users },
  { id: "trail", title: "page.trail", Body: Changes },
];
