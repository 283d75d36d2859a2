/** Which microphone, which speaker, on what it rings, and a test of each. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Device, DeviceKind, Phone } from "../phone/types";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { view } from "./desk";
import { warnings } from "./PhoneChip";
import { claim, moveTo, ownEndpoint, phone, where } from "./telephone";
import { t } from "./words";

export function PhoneSettings({ onClose }: { onClose: () => void }) {
  const here = phone.value;
  return (
    <Dialog title={t("phone.settings")} onClose={onClose}>
      <div class="stack">
        <Which />
        {where.value === "elsewhere" && (
          <p class="row">
            <span class="grow">{t("phone.elsewhere")}</span>
            <Button onClick={claim}>{t("phone.take")}</Button>
          </p>
        )}
        {warnings().map((warning) => (
          <p key={warning} class="banner">
            {warning}
          </p>
        ))}
        {here !== null && <Sound here={here} />}
      </div>
    </Dialog>
  );
}

/** All telephones of the agent: calls come to the chosen one. */
function Which() {
  const seen = view.value;
  if (seen === null || seen.state === "logged_out") return null;
  return (
    <div class="row" role="group" aria-label={t("phone.which")}>
      <span>{t("phone.which")}</span>
      {seen.phones.map(({ endpoint }) => (
        <Button
          key={endpoint}
          pressed={endpoint === seen.phone}
          onClick={() => endpoint !== seen.phone && moveTo(endpoint)}
        >
          {endpoint === seen.phone ? "✓ " : ""}
          {endpoint === ownEndpoint.value ? t("phone.here") : endpoint}
        </Button>
      ))}
    </div>
  );
}

function Sound({ here }: { here: Phone }) {
  const { microphones, speakers } = here.devices.value;
  return (
    <>
      <Choice here={here} kind="microphone" devices={microphones} />
      <Level here={here} />
      {speakers.length > 0 && (
        <>
          <Choice here={here} kind="speaker" devices={speakers} />
          <Choice here={here} kind="ringer" devices={speakers} />
        </>
      )}
      <Button onClick={() => here.testRing()}>{t("phone.test_ring")}</Button>
    </>
  );
}

function Choice({ here, kind, devices }: { here: Phone; kind: DeviceKind; devices: readonly Device[] }) {
  return (
    <Field label={t(`phone.${kind}`)}>
      <select value={here.chosen.value[kind]} onChange={(event) => void here.choose(kind, event.currentTarget.value)}>
        <option value="">{t("phone.default")}</option>
        {devices.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Level({ here }: { here: Phone }) {
  const trying = useSignal(false);
  const set = async (on: boolean) => {
    trying.value = on;
    await here.tryMicrophone(on);
  };
  useEffect(() => () => void here.tryMicrophone(false), []);
  return (
    <div class="row">
      <meter class="grow" min={0} max={1} low={0.15} high={0.9} optimum={0.5} aria-label={t("phone.level")} value={here.level.value} />
      <Button pressed={trying.value} onClick={() => set(!trying.value)}>
        {t(trying.value ? "phone.try.stop" : "phone.try")}
      </Button>
    </div>
  );
}
