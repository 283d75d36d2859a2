/** The microphone: opened for a call only, measured while it is open, and given up at once afterwards. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Microphone as State } from "./types";

const LOOK = 100; // milliseconds between two measurements
const NOTHING = 0.0005; // peak below which only a switched-off microphone stays; full scale is 1
const SILENT_AFTER = 5000; // milliseconds
const FLOOR = -60; // dB below full scale that the meter shows as 0

export class Microphone {
  private readonly condition = signal<State>("unknown");
  private readonly loudness = signal(0);
  private stream: MediaStream | null = null;
  private opening: Promise<MediaStream | null> | null = null;
  private meter: { context: AudioContext; timer: number } | null = null;
  private heardAt = 0;
  /** Counts up at each closing, so that a device which opens too late is closed again. */
  private turn = 0;

  /** @param lost called when the device in use is unplugged */
  constructor(private readonly lost: () => void) {}

  get state(): ReadonlySignal<State> {
    return this.condition;
  }

  get level(): ReadonlySignal<number> {
    return this.loudness;
  }

  /** The sound of the device, or of another one if that is gone; nothing if there is none or it is refused. */
  async open(device: string): Promise<MediaStream | null> {
    if (this.stream !== null) return this.stream;
    this.opening ??= this.get(device, this.turn);
    return this.opening;
  }

  close(): void {
    this.turn += 1;
    this.opening = null;
    this.stopMeter();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  mute(on: boolean): void {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on;
    this.heardAt = performance.now();
  }

  private async get(device: string, turn: number): Promise<MediaStream | null> {
    const stream = await this.ask(device);
    if (turn !== this.turn) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      return null;
    }
    this.opening = null;
    this.stream = stream;
    if (stream !== null) {
      for (const track of stream.getTracks()) track.addEventListener("ended", () => this.unplugged(stream));
      this.startMeter(stream);
    }
    return stream;
  }

  private async ask(device: string): Promise<MediaStream | null> {
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    try {
      const wanted = device === "" ? audio : { ...audio, deviceId: { ideal: device } };
      const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      this.condition.value = "ok";
      return stream;
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      this.condition.value = refused ? "denied" : "missing";
      return null;
    }
  }

  private unplugged(stream: MediaStream): void {
    if (stream !== this.stream) return;
    this.close();
    this.condition.value = "missing";
    this.lost();
  }

  private startMeter(stream: MediaStream): void {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.heardAt = performance.now();
    const look = (): void => {
      analyser.getFloatTimeDomainData(samples);
      const muted = stream.getAudioTracks().some((track) => !track.enabled);
      this.measured(context.state !== "running" || muted ? null : peak(samples));
    };
    this.meter = { context, timer: window.setInterval(look, LOOK) };
  }

  /** `null`: nothing can be said, because it is muted or the browser does not measure yet. */
  private measured(loudest: number | null): void {
    const now = performance.now();
    if (loudest === null || loudest > NOTHING) {
      this.heardAt = now;
      if (this.condition.value === "silent") this.condition.value = "ok";
    } else if (now - this.heardAt > SILENT_AFTER) {
      this.condition.value = "silent";
    }
    this.loudness.value = loudest === null ? 0 : share(loudest);
  }

  private stopMeter(): void {
    if (this.meter !== null) {
      window.clearInterval(this.meter.timer);
      void this.meter.context.close();
    }
    this.meter = null;
    this.loudness.value = 0;
    if (this.condition.value === "silent") this.condition.value = "ok";
  }
}

function peak(samples: Float32Array): number {
  return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}

/** Peak to a share of the meter's length: decibels, since ears count in them; in steps of a hundredth. */
function share(loudest: number): number {
  const decibels = 20 * Math.log10(Math.max(loudest, 1e-6));
  return Math.round(100 * Math.min(1, Math.max(0, 1 - decibels / FLOOR))) / 100;
}
