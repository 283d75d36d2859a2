/** A client's portal, as its own users see it. */
import { useEffect } from "preact/hooks";
import type { Me } from "../session";
import { tellProblem } from "../ui/said";
import { client, enter, summary } from "./client";
import { PAGES } from "./pages";
import { Shell } from "./Shell";
import "./sentences";

export function PortalPage({ who }: { who: Me }) {
  useEffect(() => enter(who.client ?? "", tellProblem), [who.client]);
  if (client.value === "") return null;
  return <Shell who={who} pages={PAGES} ready={summary.value !== null} />;
}
