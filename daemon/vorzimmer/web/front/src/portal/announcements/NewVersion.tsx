/** The ways to a new version: a file, the microphone of this computer or phone, a professional. */
import { useSignal } from "@preact/signals";
import { post, upload } from "../../api";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { at } from "../client";
import { FileChoice } from "./FileChoice";
import { Recorder } from "./Recorder";
import { t } from "./words";

export function NewVersion({ name, onMade }: { name: string; onMade: () => Promise<void> }) {
  const path = at(`/announcements/${encodeURIComponent(name)}`);
  const send = async (file: Blob, fileName: string, production: "upload" | "browser") => {
    const query = new URLSearchParams({ filename: fileName, production });
    await upload(`${path}/versions?${query.toString()}`, file);
    await onMade();
  };
  return (
    <section class="card stack" aria-labelledby="new-version">
      <h2 id="new-version">{t("new")}</h2>
      <FileChoice label={t("upload")} onFile={(file) => send(file, file.name, "upload")} />
      <details>
        <summary>{t("record")}</summary>
        <Recorder onTaken={(recording, fileName) => send(recording, fileName, "browser")} />
      </details>
      <details>
        <summary>{t("order")}</summary>
        <Order path={path} onMade={onMade} />
      </details>
    </section>
  );
}

function Order({ path, onMade }: { path: string; onMade: () => Promise<void> }) {
  const text = useSignal("");
  const voice = useSignal("");
  const order = async () => {
    await post(`${path}/order`, { text: text.value.trim(), voice: voice.value.trim() });
    text.value = voice.value = "";
    tell(t("order.done"));
    await onMade();
  };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <Field label={t("order.text")} hint={t("order.text.hint")}>
        <textarea maxLength={2000} value={text} onInput={(event) => (text.value = event.currentTarget.value)} />
      </Field>
      <Field label={t("order.voice")} hint={t("order.voice.hint")}>
        <input maxLength={120} value={voice} onInput={(event) => (voice.value = event.currentTarget.value)} />
      </Field>
      <p>
        <Button look="main" submits disabled={text.value.trim() === ""} onClick={order}>
          {t("order.do")}
        </Button>
      </p>
    </form>
  );
}
