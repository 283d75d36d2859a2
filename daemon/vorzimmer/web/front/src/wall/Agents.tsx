/** The agents with what they do; a supervisor goes into their talks from here. */
import { duration } from "../clock";
import { me } from "../session";
import { Button } from "../ui/Button";
import { lasting } from "./feed";
import { inOrder, isMissing, reason, StateChip } from "./states";
import { asked, mine, STAGES, supervise } from "./supervising";
import type { AgentAtWork, Wall } from "./types";
import { t } from "./words";

export function Agents({ wall }: { wall: Wall }) {
  if (wall.agents.length === 0) return <p class="soft">{t("agents.none")}</p>;
  const listens = me.value?.agent != null;
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label={t("agents")}>
    <table class="list agents">
      <thead>
        <tr>
          <th scope="col">{t("agent")}</th>
          <th scope="col">{t("state")}</th>
          <th scope="col" class="number">
            {t("for")}
          </th>
          <th scope="col">{t("with")}</th>
          {listens && <th scope="col">{t("supervise")}</th>}
        </tr>
      </thead>
      <tbody>
        {inOrder(wall.agents).map((agent) => (
          <Row key={agent.agent} agent={agent} listens={listens} />
        ))}
      </tbody>
    </table>
    </div>
  );
}

function Row({ agent, listens }: { agent: AgentAtWork; listens: boolean }) {
  const unreachable = !agent.reachable && agent.state !== "logged_out";
  const remarks = [
    reason(agent),
    agent.then === null ? "" : t(`then.${agent.then}`),
    unreachable ? t("unreachable") : "",
  ].filter(Boolean);
  return (
    <tr>
      <th scope="row">{agent.name}</th>
      <td>
        <StateChip agent={agent} />
        {remarks.length > 0 && <small class={unreachable ? "wrong" : "soft"}> {remarks.join(", ")}</small>}
      </td>
      <td class="number">
        {agent.state === "logged_out" && !isMissing(agent) ? "" : duration(lasting(agent.since))}
      </td>
      <td>{agent.state === "wrap_up" ? "" : agent.client_name}</td>
      {listens && (
        <td class="stages">
          <Stages agent={agent} />
        </td>
      )}
    </tr>
  );
}

function Stages({ agent }: { agent: AgentAtWork }) {
  const own = me.value?.agent;
  const others = agent.supervisors.filter((one) => one.agent !== own);
  const on = mine.value?.agent === agent.agent ? mine.value.stage : null;
  return (
    <>
      {agent.state === "talking" && agent.agent !== own && (
        <span class="row" role="group" aria-label={t("stage.of", { stage: t("supervise"), name: agent.name })}>
          {STAGES.map((stage) => (
            <Button
              key={stage}
              pressed={on === stage}
              label={t("stage.of", { stage: t(`stage.${stage}`), name: agent.name })}
              title={t(`stage.${stage}.why`)}
              onClick={() => supervise(agent, stage)}
            >
              {t(`stage.${stage}`)}
            </Button>
          ))}
        </span>
      )}
      {others.map((one) => (
        <small key={one.agent} class="soft">
          {t("stage.other", { name: one.name, stage: t(`stage.${one.stage}`) })}
        </small>
      ))}
    </>
  );
}

/** What this supervisor's telephone is doing, in one sentence, read out when it changes. */
export function StageNow() {
  const waiting = asked.value;
  const now = mine.value;
  let text = "";
  if (waiting !== null && now?.agent === waiting.agent) {
    text = t("stage.changing", { stage: t(`stage.${waiting.stage}`) });
  } else if (waiting !== null) {
    text = t("stage.rings", { phone: waiting.phone, stage: t(`stage.${waiting.stage}`) });
  } else if (now !== null) {
    const stage = t("stage.of", { stage: t(`stage.${now.stage}`), name: now.name });
    text = t("stage.on", { stage, why: t(`stage.${now.stage}.why`) });
  }
  return (
    <p class={`stage-now ${text === "" ? "" : "on"}`} role="status">
      {text}
    </p>
  );
}
