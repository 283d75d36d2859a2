/** An announcement as it sounds on the telephone: its waveform, and the place in it, to be heard and moved. */
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { duration } from "../../clock";
import { tellProblem } from "../../ui/said";
import { t } from "./words";

interface PlayerProps {
  source: string;
  title: string;
  seconds: number;
  /** Between 0 and 1 each. */
  peaks: readonly number[];
}

const WIDTH = 400;
const HEIGHT = 48;
/** What is quieter than this altogether looks so. */
const QUIET = 0.05;

export function Player({ source, title, seconds, peaks }: PlayerProps) {
  const sound = useRef<HTMLAudioElement>(null);
  const clip = useId();
  const at = useSignal(0);
  const playing = useSignal(false);
  const wave = waveform(peaks);
  const move = (to: number) => {
    at.value = to;
    if (sound.current !== null) sound.current.currentTime = to;
  };
  const toggle = () => {
    if (playing.value) sound.current?.pause();
    else sound.current?.play().catch(tellProblem);
  };
  return (
    <div class="player">
      <button type="button" class="button" aria-label={`${t(playing.value ? "pause" : "play")}: ${title}`} onClick={toggle}>
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
          <path d={playing.value ? "M8 5v14M16 5v14" : "M8 5v14l11-7Z"} />
        </svg>
      </button>
      <div class="wave">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <clipPath id={clip}>
            <rect width={seconds > 0 ? (WIDTH * at.value) / seconds : 0} height={HEIGHT} />
          </clipPath>
          <path d={wave} class="ahead" />
          <path d={wave} class="played" clip-path={`url(#${clip})`} />
        </svg>
        <input
          type="range"
          aria-label={`${t("position")}: ${title}`}
          aria-valuetext={duration(at.value)}
          min={0}
          max={seconds}
          step={0.1}
          value={at}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
      </div>
      <span class="number">
        {duration(at.value)} / {duration(seconds)}
      </span>
      <audio
        ref={sound}
        src={source}
        preload="none"
        onPlay={() => (playing.value = true)}
        onPause={() => (playing.value = false)}
        onTimeUpdate={(event) => (at.value = event.currentTarget.currentTime)}
        onEnded={() => (at.value = 0)}
        onError={() => (playing.value = false)}
      />
    </div>
  );
}

/** One stroke for each peak, as long as it is loud; the loudest fills the height. */
function waveform(peaks: readonly number[]): string {
  const step = WIDTH / Math.max(1, peaks.length);
  const loudest = Math.max(QUIET, ...peaks);
  return peaks
    .map((peak, n) => {
      const half = Math.max(0.5, ((peak / loudest) * HEIGHT) / 2);
      return `M${((n + 0.5) * step).toFixed(1)} ${(HEIGHT / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    })
    .join("");
}
