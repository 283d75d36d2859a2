/** Sound from this page: the ring tone and the voice in a talk, each on a device of its own. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { soundOn } from "./devices";

const RATE = 16000; // samples a second
const TONES = [740, 880]; // Hz, in turn
const TONE = 0.05; // seconds of each
const BURST = 0.8; // seconds that it rings
const CYCLE = 2.6; // seconds from one burst to the next
const LOUDNESS = 0.35;
const EDGE = 0.005; // seconds of fading, or each tone would click

/** Plays what it is given, and once more at the first click or key where the browser had refused. */
export class Speaker {
  private readonly element = new Audio();
  private readonly refused = signal(false);

  /** The browser plays nothing before the page was touched. */
  get blocked(): ReadonlySignal<boolean> {
    return this.refused;
  }

  async use(device: string): Promise<void> {
    await soundOn(this.element, device);
  }

  play(stream: MediaStream): void {
    this.element.srcObject = stream;
    void this.begin();
  }

  silence(): void {
    this.element.pause();
    this.element.srcObject = null;
    this.refused.value = false;
  }

  private async begin(): Promise<void> {
    try {
      await this.element.play();
      this.refused.value = false;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return; // silenced meanwhile
      this.refused.value = true;
      for (const touch of ["pointerdown", "keydown"]) {
        window.addEventListener(touch, () => this.element.srcObject !== null && void this.begin(), { once: true });
      }
    }
  }
}

/** The ring tone, made here: one period of it, repeated by the sound card and not by a timer, which sleeps in a tab. */
export class Ringer {
  private readonly speaker = new Speaker();
  private context: AudioContext | null = null;
  private source: AudioBufferSourceNode | null = null;

  get blocked(): ReadonlySignal<boolean> {
    return this.speaker.blocked;
  }

  async use(device: string): Promise<void> {
    await this.speaker.use(device);
  }

  /** Ring until `stop`, or once. */
  ring(once = false): void {
    this.stop();
    this.context ??= new AudioContext();
    const way = this.context.createMediaStreamDestination();
    const source = new AudioBufferSourceNode(this.context, { buffer: period(), loop: !once });
    source.connect(way);
    source.onended = () => source === this.source && this.stop();
    this.source = source;
    this.wake(source);
    this.speaker.play(way.stream);
  }

  stop(): void {
    this.source?.stop();
    this.source = null;
    this.speaker.silence();
  }

  async close(): Promise<void> {
    this.stop();
    await this.context?.close();
    this.context = null;
  }

  /** Without a touch of the page the context sleeps, and `resume` waits until there was one. */
  private wake(source: AudioBufferSourceNode): void {
    const context = this.context;
    source.start();
    if (context === null || context.state === "running") return;
    const resume = (): void => void (context.state === "suspended" && context.resume());
    resume();
    for (const touch of ["pointerdown", "keydown"]) window.addEventListener(touch, resume, { once: true });
  }
}

function period(): AudioBuffer {
  const buffer = new AudioBuffer({ length: CYCLE * RATE, sampleRate: RATE });
  const samples = buffer.getChannelData(0);
  for (let at = 0; at < BURST * RATE; at++) {
    const time = at / RATE;
    const place = time % TONE;
    const pitch = TONES[Math.floor(time / TONE) % TONES.length] ?? 0;
    const fading = Math.min(1, place / EDGE, (TONE - place) / EDGE);
    samples[at] = LOUDNESS * fading * Math.sin(2 * Math.PI * pitch * place);
  }
  return buffer;
}
