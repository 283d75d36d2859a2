/** The pages on which statistics stand: of the house, and of a client in its portal. */
import { at } from "../portal/client";
import { MarginTable } from "./MarginTable";
import { Statistics } from "./Statistics";
import { Week } from "./Week";

export function HouseStatistics() {
  return (
    <div class="stack">
      <Calls />
      <Week />
      <MarginTable />
    </div>
  );
}

/** What supervisors see: no money. */
export function WallStatistics() {
  return (
    <div class="stack">
      <Calls />
      <Week />
    </div>
  );
}

export function OwnStatistics() {
  return <Statistics path={at("/statistics")} by={["hour", "weekday", "day"]} />;
}

function Calls() {
  return <Statistics path="/statistics" by={["client", "agent", "team", "hour", "weekday", "day"]} thresholds />;
}
