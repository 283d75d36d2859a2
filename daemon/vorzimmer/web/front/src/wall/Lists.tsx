/** Who waits, and which calls live. */
import { duration } from "../clock";
import { lasting } from "./feed";
import { ofWait, SHAPES, targetOf } from "./grades";
import type { Wall } from "./types";
import { t } from "./words";

export function Waiting({ wall }: { wall: Wall }) {
  if (wall.waiting.length === 0) return <p class="soft">{t("waiting.none")}</p>;
  return (
    <table class="list">
      <thead>
        <tr>
          <th scope="col" class="number">
            {t("place")}
          </th>
          <th scope="col">{t("client")}</th>
          <th scope="col" class="number">
            {t("waits")}
          </th>
          <th scope="col" class="number">
            {t("predicted")}
          </th>
        </tr>
      </thead>
      <tbody>
        {wall.waiting.map((one) => {
          const waited = lasting(one.since);
          const grade = ofWait(waited, targetOf(wall));
          return (
            <tr key={one.call}>
              <td class="number">{one.place}</td>
              <td>{one.client_name || t("client.unknown")}</td>
              <td class={`number wait ${grade}`}>
                <span aria-hidden="true">{SHAPES[grade]}</span> {duration(waited)}
                <span class="unseen"> {t(`grade.${grade}`)}</span>
              </td>
              <td class="number">{one.predicted === null ? "–" : duration(one.predicted)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function Calls({ wall }: { wall: Wall }) {
  if (wall.calls.length === 0) return <p class="soft">{t("calls.none")}</p>;
  const names = new Map(wall.agents.map((agent) => [agent.agent, agent.name]));
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label={t("calls")}>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">{t("client")}</th>
          <th scope="col">{t("caller")}</th>
          <th scope="col">{t("phase")}</th>
          <th scope="col" class="number">
            {t("for")}
          </th>
          <th scope="col">{t("with.agents")}</th>
        </tr>
      </thead>
      <tbody>
        {wall.calls.map((call) => (
          <tr key={call.call}>
            <td>{call.client_name ?? t("client.unknown")}</td>
            <td class="number start">{call.caller_shown ?? t("withheld")}</td>
            <td>{t(`phase.${call.phase}`)}</td>
            <td class="number">{duration(lasting(call.since))}</td>
            <td>{call.agents.map((agent) => names.get(agent) ?? agent).join(", ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
    </div>
  );
}
