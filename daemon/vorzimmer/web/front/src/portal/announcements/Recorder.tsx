/** Recording with the microphone of this computer or phone: the level while speaking, then heard, then taken or repeated. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { duration, now, secondsSince, tick } from "../../clock";
import { Microphone } from "../../phone/microphone";
import { Button } from "../../ui/Button";
import { iso } from "../when";
import { t } from "./words";

/** In the order of how well the rest of the house likes them; which one a browser can make differs. */
const FORMS = [
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
] as const;

interface Recording {
  blob: Blob;
  file: string;
  url: string;
}

export function Recorder({ onTaken }: { onTaken: (recording: Blob, file: string) => Promise<void> }) {
  const running = useRef<MediaRecorder | null>(null);
  const since = useSignal<string | null>(null);
  const made = useSignal<Recording | null>(null);
  const stop = () => {
    if (running.current?.state === "recording") running.current.stop();
  };
  const microphone = useMemo(() => new Microphone(stop), []);

  const forget = () => {
    if (made.peek() !== null) URL.revokeObjectURL(made.peek()?.url ?? "");
    made.value = null;
  };
  useEffect(
    () => () => {
      stop();
      microphone.close();
      forget();
    },
    [],
  );

  const start = async () => {
    forget();
    const stream = await microphone.open("");
    if (stream === null) return;
    const [type, ending] = FORMS.find(([form]) => MediaRecorder.isTypeSupported(form)) ?? FORMS[1];
    const recorder = new MediaRecorder(stream, { mimeType: type });
    const parts: Blob[] = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      microphone.close();
      since.value = null;
      const blob = new Blob(parts, { type: type.split(";")[0] ?? type });
      made.value = { blob, file: `recording.${ending}`, url: URL.createObjectURL(blob) };
    };
    running.current = recorder;
    recorder.start();
    since.value = iso(now());
  };

  const take = async (recording: Recording) => {
    await onTaken(recording.blob, recording.file);
    forget();
  };

  const state = microphone.state.value;
  return (
    <div class="stack">
      {(state === "denied" || state === "missing") && <p class="wrong">{t(`record.${state}`)}</p>}
      {since.value !== null ? (
        <>
          <label class="row">
            {t("record.level")}
            <meter min={0} max={1} low={0.2} high={0.9} optimum={0.5} value={microphone.level.value} />
            <span class="number" role="timer" aria-live="off">
              {duration(secondsSince(since.value, tick.value))}
            </span>
          </label>
          <Button look="danger" onClick={stop}>
            {t("record.stop")}
          </Button>
        </>
      ) : (
        <Button look={made.value === null ? "main" : "plain"} onClick={start}>
          {t(made.value === null ? "record.start" : "record.again")}
        </Button>
      )}
      {made.value !== null && (
        <>
          <audio controls src={made.value.url} aria-label={t("record.hear")} />
          <Button look="main" onClick={() => made.value !== null && take(made.value)}>
            {t("record.take")}
          </Button>
        </>
      )}
    </div>
  );
}
