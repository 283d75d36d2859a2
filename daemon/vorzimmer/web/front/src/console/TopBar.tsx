/** The top of the desk: what the agent is doing and since when, the telephone, who waits, and what changes the state. */
import { useSignal } from "@preact/signals";
import { duration, secondsSince, tick } from "../clock";
import { Account } from "../me/Account";
import type { Me } from "../session";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { call, logIn, logOut, ready, view } from "./desk";
import { Help } from "./Help";
import { PauseDialog } from "./PauseDialog";
import { PhoneChip } from "./PhoneChip";
import { KEYS, useShortcut } from "./shortcuts";
import { ownEndpoint, where } from "./telephone";
import type { AgentView } from "./types";
import { t, wordOr } from "./words";

export function TopBar({ who }: { who: Me }) {
  const seen = view.value;
  return (
    <header class="top" aria-label={t("top.label")}>
      {seen === null ? <div class="state" /> : <StateNow seen={seen} />}
      {seen !== null && <Acts seen={seen} />}
      <span class="grow" />
      {seen !== null && <Waiting count={seen.waiting} />}
      <PhoneChip />
      <Own who={who} />
    </header>
  );
}

function StateNow({ seen }: { seen: AgentView }) {
  const held = seen.state === "talking" && call.value?.held === true;
  const look = held ? "held" : seen.state;
  const left = seen.wrap_up - secondsSince(seen.since, tick.value);
  const counts = seen.state === "wrap_up" && seen.wrap_up > 0;
  return (
    <div class={`state ${look}`}>
      <strong role="status" aria-label={t("state.label")}>
        {t(held ? "state.held" : `state.${seen.state}`)}
      </strong>
      <span class="number" role="timer" aria-live="off">
        {counts ? t("state.left", { time: duration(Math.max(0, left)) }) : duration(secondsSince(seen.since))}
      </span>
      <small>{note(seen)}</small>
    </div>
  );
}

function note(seen: AgentView): string {
  if (seen.then !== null) return t(`then.${seen.then}`);
  if (seen.state === "paused") return wordOr(`pause.${seen.reason}`, seen.reason);
  return "";
}

function Acts({ seen }: { seen: AgentView }) {
  const pausing = useSignal(false);
  const off = seen.state === "logged_out";
  const free = seen.state === "paused" || seen.state === "wrap_up";
  const begin = () => logIn(where.value === "here" ? ownEndpoint.value : seen.phone);
  useShortcut(KEYS.next, off ? begin : ready, off || free);
  useShortcut(KEYS.pause, () => (pausing.value = true), !off && seen.state !== "paused");
  return (
    <>
      {off ? (
        <Button look="strong" keys={KEYS.next} onClick={begin}>
          {t("top.log_in")}
        </Button>
      ) : (
        <>
          <Button look={free ? "strong" : "plain"} keys={KEYS.next} disabled={!free} onClick={ready}>
            {t(seen.state === "wrap_up" ? "top.next" : "top.ready")}
          </Button>
          <Button keys={KEYS.pause} disabled={seen.state === "paused"} onClick={() => (pausing.value = true)}>
            {t("top.pause")}
          </Button>
          <Button onClick={logOut}>{t("top.log_out")}</Button>
        </>
      )}
      {pausing.value && <PauseDialog onClose={() => (pausing.value = false)} />}
    </>
  );
}

function Waiting({ count }: { count: number }) {
  const words = count === 0 ? t("top.waiting.none") : count === 1 ? t("top.waiting.one") : t("top.waiting", { n: count });
  return (
    <p class={`waiting ${count > 0 ? "some" : ""}`} role="status">
      {words}
    </p>
  );
}

/** In tabs of their own: leaving this page in a talk would take the telephone away. */
function Elsewhere({ who }: { who: Me }) {
  return (
    <>
      {who.role !== "agent" && (
        <a href="/wall" target="vorzimmer-wall">
          {t("nav.wall")}
        </a>
      )}
      {who.role === "admin" && (
        <a href="/admin" target="vorzimmer-admin">
          {t("nav.admin")}
        </a>
      )}
    </>
  );
}

function Own({ who }: { who: Me }) {
  const shown = useSignal<"" | "account" | "help">("");
  const close = () => (shown.value = "");
  useShortcut(KEYS.help, () => (shown.value = "help"));
  return (
    <>
      <nav class="row" aria-label={t("nav.label")}>
        <Elsewhere who={who} />
        <Button keys={KEYS.help} label={t("top.help")} onClick={() => (shown.value = "help")}>
          ?
        </Button>
        <Button label={`${t("top.account")}: ${who.name}`} onClick={() => (shown.value = "account")}>
          {who.name}
        </Button>
      </nav>
      {shown.value === "help" && <Help onClose={close} />}
      {shown.value === "account" && (
        <Dialog title={`${t("me.title")}: ${who.name}`} onClose={close}>
          <Account />
        </Dialog>
      )}
    </>
  );
}
