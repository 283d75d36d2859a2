/** The call at hand, always at the same place: what it is in, and everything that can be done with it. */
import { duration, secondsSince } from "../clock";
import { said } from "../i18n/sentences";
import { Button } from "../ui/Button";
import { call, doCall, inTalk, pop, stage, view } from "./desk";
import { Recording } from "./Recording";
import { KEYS, useShortcut } from "./shortcuts";
import { phone, usesBrowser } from "./telephone";
import type { CallSeen, Transfer } from "./types";
import { t } from "./words";

export function CallBar() {
  const present = call.value;
  return (
    <section class={`call-bar ${stage.value}`} aria-label={t("call.label")}>
      <p class="unseen" role="alert">
        {stage.value === "ringing" && pop.value !== null && announced()}
      </p>
      {present === null && stage.value !== "ringing" ? (
        <p class="soft grow">{t("call.none")}</p>
      ) : (
        <>
          <Progress present={present} />
          <Steps present={present} />
        </>
      )}
    </section>
  );
}

/** What a screen reader says while the telephone rings: whose call, and how to answer. */
function announced(): string {
  const told = pop.value;
  return `${t("call.rings_for", { client: told?.client?.name ?? t("pop.unknown") })}. ${told?.greeting ?? ""}`;
}

function Progress({ present }: { present: CallSeen | null }) {
  if (present === null) return <p class="progress grow" />;
  return (
    <p class="progress grow">
      <strong>{phase(present)}</strong>{" "}
      {!present.over && (
        <span class="number" role="timer" aria-live="off">
          {duration(secondsSince(stage.value === "ringing" ? present.arrived : present.since))}
        </span>
      )}
      {present.refused !== null && <span class="wrong"> {t("call.refused", { why: said(present.refused) })}</span>}
    </p>
  );
}

function phase(present: CallSeen): string {
  if (present.over) return t("state.over");
  if (stage.value === "ringing") return t("call.waits");
  if (present.transfer !== null) return asking(present.transfer);
  if (present.phase === "put_through") return t("call.put_through");
  return t(present.held ? "state.held" : "state.talking");
}

function asking(transfer: Transfer): string {
  const who = nameOf(transfer.by ?? transfer.to);
  if (transfer.three) return t("call.three", { who });
  if (transfer.reached) return t("call.reached", { who });
  return t(transfer.attended ? "call.consulting" : "call.going", { who });
}

function nameOf(target: string): string {
  const id = target.replace(/^contact:/, "");
  const contact = pop.value?.contacts.find((one) => one.id === id || String(one.place) === id);
  return contact?.name ?? (id === "rota" || id === "0" ? t("contacts.rota") : id.replace(/^agent:/, ""));
}

function Steps({ present }: { present: CallSeen | null }) {
  if (stage.value === "ringing") return <Answer />;
  if (present === null) return null;
  if (!inTalk.value) return null;
  return (
    <>
      {present.transfer === null ? <Plain present={present} /> : <Transferring transfer={present.transfer} />}
      <Mute />
      {(present.transfer === null || present.recording !== "none") && <Recording recording={present.recording} />}
      <HangUp />
    </>
  );
}

function Answer() {
  const here = phone.value;
  const rings = here?.call.value?.state === "ringing";
  useShortcut(KEYS.next, () => here?.answer(), rings);
  useShortcut(KEYS.hang_up, () => here?.decline(), rings);
  if (here === null || !usesBrowser.value) {
    const other = usesBrowser.value ? t("phone.elsewhere") : t("call.pick_up", { phone: view.value?.phone ?? "" });
    return <p class="pick-up">{other}</p>;
  }
  return (
    <>
      <Button look="strong" class="large" keys={KEYS.next} disabled={!rings} onClick={() => here.answer()}>
        {t("call.answer")}
      </Button>
      <Button keys={KEYS.hang_up} disabled={!rings} onClick={() => here.decline()}>
        {t("call.decline")}
      </Button>
    </>
  );
}

function Plain({ present }: { present: CallSeen }) {
  const turn = () => doCall(present.held ? "resume" : "hold");
  useShortcut(KEYS.hold, turn);
  return (
    <Button keys={KEYS.hold} pressed={present.held} onClick={turn}>
      {t(present.held ? "call.resume" : "call.hold")}
    </Button>
  );
}

function Transferring({ transfer }: { transfer: Transfer }) {
  const complete = () => doCall("complete");
  const back = () => doCall("back");
  const join = () => doCall("join");
  const reached = transfer.attended && transfer.reached;
  useShortcut(KEYS.connect, complete, reached);
  useShortcut(KEYS.back, back);
  useShortcut(KEYS.join, join, reached && !transfer.three);
  return (
    <div class="row">
      <Button look="strong" keys={KEYS.connect} disabled={!reached} onClick={complete}>
        {t("call.connect")}
      </Button>
      <Button keys={KEYS.back} onClick={back}>
        {t("call.back")}
      </Button>
      <Button keys={KEYS.join} disabled={!reached || transfer.three} onClick={join}>
        {t("call.join")}
      </Button>
    </div>
  );
}

function Mute() {
  const here = phone.value;
  const talking = here?.call.value?.state === "talking" && usesBrowser.value;
  const muted = here?.call.value?.muted === true;
  const turn = () => here?.mute(!muted);
  useShortcut(KEYS.mute, turn, talking);
  if (!talking) return null;
  return (
    <Button keys={KEYS.mute} pressed={muted} onClick={turn}>
      {t(muted ? "call.unmute" : "call.mute")}
    </Button>
  );
}

function HangUp() {
  const end = () => doCall("hangup");
  useShortcut(KEYS.hang_up, end);
  return (
    <Button look="danger" keys={KEYS.hang_up} onClick={end}>
      {t("call.hang_up")}
    </Button>
  );
}
