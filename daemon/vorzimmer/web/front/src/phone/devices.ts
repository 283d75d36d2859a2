/** Which microphones and speakers there are, and which the agent has chosen on this machine. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Chosen, Device, DeviceKind, Devices } from "./types";

const KEY = "vorzimmer.phone.devices";
const SYSTEMS_OWN: Chosen = { microphone: "", speaker: "", ringer: "" };

/** Whether pages may choose a speaker: Safari does not let them. */
const CHOOSES_SPEAKERS = "setSinkId" in HTMLMediaElement.prototype;

export class DeviceList {
  private readonly found = signal<Devices>({ microphones: [], speakers: [] });
  private readonly picked = signal<Chosen>(remembered());

  get devices(): ReadonlySignal<Devices> {
    return this.found;
  }

  get chosen(): ReadonlySignal<Chosen> {
    return this.picked;
  }

  choose(kind: DeviceKind, device: string): void {
    this.picked.value = { ...this.picked.value, [kind]: device };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.picked.value));
    } catch {
      // A browser that keeps nothing: chosen for this page only.
    }
  }

  /** Names are told only once the microphone was granted. */
  async refresh(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.found.value = {
      microphones: named(all, "audioinput"),
      speakers: CHOOSES_SPEAKERS ? named(all, "audiooutput") : [],
    };
  }
}

/** Let an element sound on a device; on the system's own if that one is gone. */
export async function soundOn(element: HTMLAudioElement, device: string): Promise<void> {
  if (!CHOOSES_SPEAKERS) return;
  try {
    await element.setSinkId(device);
  } catch {
    await element.setSinkId("");
  }
}

function named(all: MediaDeviceInfo[], kind: MediaDeviceKind): Device[] {
  return all
    .filter((one) => one.kind === kind && one.deviceId !== "" && one.deviceId !== "default")
    .map((one) => ({ id: one.deviceId, label: one.label }));
}

function remembered(): Chosen {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const ids = Object.entries(kept ?? {}).filter(([kind, id]) => kind in SYSTEMS_OWN && typeof id === "string");
    return { ...SYSTEMS_OWN, ...Object.fromEntries(ids) };
  } catch {
    return SYSTEMS_OWN;
  }
}
