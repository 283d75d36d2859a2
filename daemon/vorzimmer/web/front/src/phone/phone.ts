/** The telephone in the page. Its parts: the line (SIP), the microphone, the ring, the speaker. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { DeviceList } from "./devices";
import { Line } from "./line";
import { Microphone } from "./microphone";
import { count, grade, type Counters } from "./quality";
import { Ringer, Speaker } from "./sound";
import type { Credentials, DeviceKind, Network, Phone, PhoneCall, Registration } from "./types";

export type * from "./types";

const WATCH = 2000; // milliseconds between two looks at the way of the sound
const CONNECTS_WITHIN = 4000; // milliseconds until the sound of a talk has found its way; it takes a fifth of a second
const HAND_BACK = 30_000; // milliseconds in which a talk comes back to a page that was loaded anew

export function createPhone(credentials: Credentials): Phone {
  return new BrowserPhone(credentials);
}

class BrowserPhone implements Phone {
  readonly registration = signal<Registration>("off");
  readonly failure = signal("");
  readonly call = signal<PhoneCall | null>(null);
  readonly network = signal<Network>("good");
  readonly unheard = signal(false);
  readonly soundBlocked: ReadonlySignal<boolean>;

  private readonly list = new DeviceList();
  private readonly ringer = new Ringer();
  private readonly speaker = new Speaker();
  private readonly mouth = new Microphone(() => void this.replaceMicrophone());
  private readonly line: Line;
  private trying = false;
  private autoAnswerUntil = 0;
  private watching = 0;
  private connecting = 0;
  private readonly refreshDevices = (): void => void this.list.refresh();

  readonly microphone = this.mouth.state;
  readonly level = this.mouth.level;
  readonly devices = this.list.devices;
  readonly chosen = this.list.chosen;

  constructor(credentials: Credentials) {
    this.soundBlocked = computed(() => this.ringer.blocked.value || this.speaker.blocked.value);
    this.line = new Line(credentials, {
      connecting: () => this.registering("connecting"),
      registered: () => {
        this.network.value = "good";
        this.registering("registered");
      },
      disconnected: () => {
        this.network.value = "lost";
        this.registering("connecting");
      },
      refused: (why) => this.registering("failed", why),
      rings: (from) => this.rings(from),
      answered: () => this.talks(),
      voice: (stream) => this.speaker.play(stream),
      ended: () => this.ends(),
      replaces: () => this.isHandedBack(),
    });
  }

  async start(): Promise<void> {
    navigator.mediaDevices.addEventListener("devicechange", this.refreshDevices);
    this.line.start();
    await this.useSpeakers();
    // Asked once at the start, so that the browser's question does not come with the first call.
    await this.mouth.open(this.chosen.value.microphone);
    if (!this.inUse()) this.mouth.close();
    await this.list.refresh();
  }

  stop(): void {
    this.line.stop();
    this.letGo();
  }

  takenOver(): void {
    this.line.leave();
    this.letGo();
  }

  async answer(): Promise<void> {
    const microphone = await this.mouth.open(this.chosen.value.microphone);
    if (microphone !== null) this.line.answer(microphone);
  }

  decline(): void {
    this.line.decline();
  }

  hangUp(): void {
    this.line.hangUp();
  }

  mute(on: boolean): void {
    if (this.call.value?.state !== "talking") return;
    this.mouth.mute(on);
    this.call.value = { ...this.call.value, muted: on };
  }

  sendKey(key: string): void {
    this.line.sendKey(key);
  }

  async choose(kind: DeviceKind, device: string): Promise<void> {
    this.list.choose(kind, device);
    if (kind === "microphone") await this.replaceMicrophone();
    else await this.useSpeakers();
  }

  async tryMicrophone(on: boolean): Promise<void> {
    this.trying = on;
    if (on) await this.mouth.open(this.chosen.value.microphone);
    else if (!this.inUse()) this.mouth.close();
  }

  testRing(): void {
    if (this.call.value?.state !== "ringing") this.ringer.ring(true);
  }

  autoAnswerNext(): void {
    this.autoAnswerUntil = performance.now() + HAND_BACK;
  }

  private registering(state: Registration, why = ""): void {
    this.registration.value = state;
    this.failure.value = why;
  }

  private rings(from: string): void {
    this.call.value = { state: "ringing", from, muted: false, since: Date.now() };
    const handedBack = this.isHandedBack();
    this.autoAnswerUntil = 0;
    if (handedBack) void this.takeBack();
    else this.ringer.ring();
    // Opened now, so that it is there at the first word: some headsets take a second.
    void this.mouth.open(this.chosen.value.microphone);
  }

  private isHandedBack(): boolean {
    return performance.now() < this.autoAnswerUntil;
  }

  private async takeBack(): Promise<void> {
    await this.answer();
    const refused = this.microphone.value === "denied" || this.microphone.value === "missing";
    if (refused && this.call.value?.state === "ringing") this.ringer.ring();
  }

  private talks(): void {
    this.ringer.stop();
    this.mouth.mute(false);
    if (this.call.value !== null) this.call.value = { ...this.call.value, state: "talking", since: Date.now() };
    this.unheard.value = false;
    window.clearTimeout(this.connecting);
    this.connecting = window.setTimeout(() => {
      this.unheard.value = this.line.connection?.connectionState !== "connected";
    }, CONNECTS_WITHIN);
    void this.watch();
  }

  private ends(): void {
    this.ringer.stop();
    this.speaker.silence();
    window.clearInterval(this.watching);
    window.clearTimeout(this.connecting);
    this.unheard.value = false;
    if (this.call.value !== null) this.call.value = { ...this.call.value, state: "ended", since: Date.now() };
    if (!this.inUse()) this.mouth.close();
  }

  private inUse(): boolean {
    return this.trying || this.call.value?.state === "ringing" || this.call.value?.state === "talking";
  }

  /** Another microphone, also in mid-talk: the chosen one, or what is left when it was unplugged. */
  private async replaceMicrophone(): Promise<void> {
    if (!this.inUse()) return;
    this.mouth.close();
    const stream = await this.mouth.open(this.chosen.value.microphone);
    const [sender] = this.line.connection?.getSenders() ?? [];
    const [track] = stream?.getAudioTracks() ?? [];
    if (track === undefined) return;
    this.mouth.mute(this.call.value?.muted ?? false);
    await sender?.replaceTrack(track);
  }

  private async useSpeakers(): Promise<void> {
    const { speaker, ringer } = this.chosen.value;
    await Promise.all([this.speaker.use(speaker), this.ringer.use(ringer)]);
  }

  private async watch(): Promise<void> {
    window.clearInterval(this.watching);
    const connection = this.line.connection;
    if (connection === null) return;
    let before = await count(connection);
    this.watching = window.setInterval(() => {
      void count(connection).then((now) => {
        this.judge(connection, before, now);
        before = now;
      });
    }, WATCH);
  }

  private judge(connection: RTCPeerConnection, before: Counters, now: Counters): void {
    if (this.call.value?.state !== "talking") return;
    const cut = ["disconnected", "failed"].includes(connection.iceConnectionState);
    const unreachable = this.registration.value === "connecting";
    this.network.value = cut || unreachable ? "lost" : grade(before, now);
  }

  private letGo(): void {
    navigator.mediaDevices.removeEventListener("devicechange", this.refreshDevices);
    this.ends();
    this.trying = false;
    this.mouth.close();
    void this.ringer.close();
    this.registering("off");
  }
}
