/** What the page sees of its telephone. */
import type { ReadonlySignal } from "@preact/signals";

/** What the server hands out over the session; `ha1` is as good as the password. */
export interface Credentials {
  endpoint: string;
  ha1: string;
  realm: string;
  /** `sip:ENDPOINT@HOUSE` */
  uri: string;
  /** `wss://HOST/ws` */
  sip_url: string;
  ice_servers: RTCIceServer[];
  display_name: string;
}

export type Registration = "off" | "connecting" | "registered" | "failed";

/** `lost`: the server cannot be reached, or nothing comes through in a talk. */
export type Network = "good" | "poor" | "lost";

/** `silent`: in a talk nothing at all came from it for some seconds, as from a headset with its own mute switch. */
export type Microphone = "unknown" | "ok" | "missing" | "denied" | "silent";

export interface PhoneCall {
  /** `ended` stays until the next call rings. */
  state: "ringing" | "talking" | "ended";
  /** The name that was sent along, or the number. */
  from: string;
  muted: boolean;
  /** When this state began, by the browser's clock, for durations only. */
  since: number;
}

export type DeviceKind = "microphone" | "speaker" | "ringer";

export interface Device {
  id: string;
  label: string;
}

/** `speakers` is empty where the browser does not let a page choose one. */
export interface Devices {
  microphones: Device[];
  speakers: Device[];
}

/** Ids of devices; an empty one: the system's own. */
export type Chosen = Record<DeviceKind, string>;

export interface Phone {
  readonly registration: ReadonlySignal<Registration>;
  /** Why `registration` is "failed", in the words of SIP; otherwise empty. */
  readonly failure: ReadonlySignal<string>;
  readonly call: ReadonlySignal<PhoneCall | null>;
  readonly network: ReadonlySignal<Network>;
  /** In a talk whose sound has not found its way: neither side hears the other. */
  readonly unheard: ReadonlySignal<boolean>;
  readonly microphone: ReadonlySignal<Microphone>;
  /** How loud the microphone is, 0 to 1; 0 while it is muted or closed. */
  readonly level: ReadonlySignal<number>;
  readonly devices: ReadonlySignal<Devices>;
  readonly chosen: ReadonlySignal<Chosen>;
  /** The browser plays nothing before the first click or key: say so, or a call rings unheard. */
  readonly soundBlocked: ReadonlySignal<boolean>;

  /** Register, and ask for the microphone. */
  start(): Promise<void>;
  /** Hang up, unregister and let go of everything: on log-out. */
  stop(): void;
  /** Another page is the telephone now: fall silent, without a word to the server. */
  takenOver(): void;
  /** Take the call that rings. Without a microphone it goes on ringing, and `microphone` says why. */
  answer(): Promise<void>;
  decline(): void;
  hangUp(): void;
  mute(on: boolean): void;
  /** One of `0`–`9`, `*`, `#`. */
  sendKey(key: string): void;
  choose(kind: DeviceKind, device: string): Promise<void>;
  /** Open the microphone outside a call, so that `level` moves; and close it again. */
  tryMicrophone(on: boolean): Promise<void>;
  /** Ring once. */
  testRing(): void;
  /** Take the next call at once if it comes within half a minute: after a reload the talk is handed back by ringing. */
  autoAnswerNext(): void;
}
