/** At which telephone the agent is, whether it can be rung, and the way to another one. */
import { useSignal } from "@preact/signals";
import { Button } from "../ui/Button";
import { view } from "./desk";
import { PhoneSettings } from "./PhoneSettings";
import { claim, deskPhones, moveTo, ownEndpoint, phone, usesBrowser, where } from "./telephone";
import { t, type Word } from "./words";

export function PhoneChip() {
  const setting = useSignal(false);
  const { words, bad } = condition();
  const name = isAtBrowser() ? t("phone.browser") : view.value?.phone;
  return (
    <div class="phone row">
      <button type="button" class={`phone-now ${bad ? "bad" : "good"}`} onClick={() => (setting.value = true)}>
        <span class="unseen">{t("phone.title")}: </span>
        <strong>{name}</strong>{" "}
        <span role="status">{words}</span>
      </button>
      <Others />
      {setting.value && <PhoneSettings onClose={() => (setting.value = false)} />}
    </div>
  );
}

/** Where the agent could go on with one click. */
function Others() {
  const seen = view.value;
  if (seen === null) return null;
  if (where.value === "elsewhere" && usesBrowser.value) {
    return <Button onClick={claim}>{t("phone.take")}</Button>;
  }
  if (seen.state === "logged_out") return null;
  const others = usesBrowser.value ? deskPhones.value : where.value === "here" ? [ownEndpoint.value] : [];
  return (
    <>
      {others.slice(0, 1).map((endpoint) => (
        <Button key={endpoint} onClick={() => moveTo(endpoint)}>
          {endpoint === ownEndpoint.value ? t("phone.move.browser") : t("phone.move", { phone: endpoint })}
        </Button>
      ))}
    </>
  );
}

/** Whether calls come to a telephone in a browser, or will, once the agent goes on duty here. */
function isAtBrowser(): boolean {
  return usesBrowser.value || (view.value?.state === "logged_out" && where.value === "here");
}

function condition(): { words: string; bad: boolean } {
  const seen = view.value;
  if (seen === null) return { words: "", bad: false };
  const here = phone.value;
  if (isAtBrowser() && where.value === "elsewhere") return { words: t("phone.elsewhere.short"), bad: true };
  if (isAtBrowser() && here !== null) {
    const registration = here.registration.value;
    return { words: t(`phone.${registration}`), bad: registration !== "registered" };
  }
  if (seen.phone === "") return { words: t("phone.none"), bad: false };
  return { words: t(seen.reachable ? "phone.reachable" : "phone.unreachable"), bad: !seen.reachable };
}

/** What an agent at the telephone in this page must know at once, worst first. */
export function warnings(): string[] {
  const here = phone.value;
  if (here === null || !isAtBrowser()) return [];
  const found: Word[] = [];
  if (here.network.value === "lost") found.push("phone.net.lost");
  const microphone = here.microphone.value;
  if (microphone === "missing" || microphone === "denied" || microphone === "silent") {
    found.push(`phone.mic.${microphone}`);
  }
  if (here.soundBlocked.value) found.push("phone.sound");
  if (here.network.value === "poor") found.push("phone.net.poor");
  const failed = here.registration.value === "failed" ? [t("phone.refused", { why: here.failure.value })] : [];
  return [...failed, ...found.map((word) => t(word))];
}
