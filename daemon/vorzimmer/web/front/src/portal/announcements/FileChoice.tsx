/** A file of sound, dragged here or chosen, on its way to the server. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { tellProblem } from "../../ui/said";
import { t } from "./words";

const ACCEPTED = "audio/*,.mp3,.wav,.ogg,.flac,.m4a";

export function FileChoice({ label, onFile }: { label: string; onFile: (file: File) => Promise<unknown> }) {
  const input = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  const sending = useSignal("");
  const send = async (file: File | undefined) => {
    over.value = false;
    if (file === undefined || sending.value !== "") return;
    sending.value = file.name;
    try {
      await onFile(file);
    } catch (error) {
      tellProblem(error);
    } finally {
      sending.value = "";
      if (input.current !== null) input.current.value = "";
    }
  };
  return (
    <div
      class={`drop stack ${over.value ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        void send(event.dataTransfer?.files[0]);
      }}
    >
      <label class="stack">
        <strong>{label}</strong>
        <span class="soft small">
          {t("upload.drop")} ({t("upload.forms")})
        </span>
        <input
          ref={input}
          type="file"
          accept={ACCEPTED}
          onChange={(event) => void send(event.currentTarget.files?.[0])}
        />
      </label>
      {sending.value !== "" && (
        <p role="status">
          {t("upload.under_way", { file: sending.value })} <progress aria-label={t("upload")} />
        </p>
      )}
    </div>
  );
}
