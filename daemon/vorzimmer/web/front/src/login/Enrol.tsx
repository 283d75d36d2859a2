/** Setting up the second factor: the QR code, the key to type, and the first code as the proof. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, post } from "../api";
import { t } from "../i18n/words";
import { enter, type Me } from "../session";
import { Field } from "../ui/Field";
import { inWords, tell, tellProblem } from "../ui/said";

interface Enrolment {
  secret: string;
  uri: string;
  qr_svg: string;
}

export function MustEnrol() {
  return (
    <main class="door">
      <section class="card">
        <p class="brand">Vorzimmer</p>
        <h1>{t("enrol.title")}</h1>
        <p>{t("enrol.must")}</p>
        <Enrol />
      </section>
    </main>
  );
}

export function Enrol({ onDone }: { onDone?: () => void }) {
  const enrolment = useSignal<Enrolment | null>(null);
  const code = useSignal("");
  const wrong = useSignal("");
  useEffect(() => {
    post<Enrolment>("/me/totp").then((made) => (enrolment.value = made), tellProblem);
  }, []);

  const confirm = async (event: Event) => {
    event.preventDefault();
    try {
      enter(await post<Me>("/me/totp/confirm", { code: code.value.trim() }));
      tell(t("enrol.done"));
      onDone?.();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      wrong.value = error.passing ? inWords(error) : t("enrol.wrong");
    }
  };

  const made = enrolment.value;
  if (made === null) return null;
  return (
    <form onSubmit={(event) => void confirm(event)}>
      <p>{t("enrol.scan")}</p>
      <img class="qr" alt={t("enrol.qr")} src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.qr_svg)}`} />
      <p>
        {t("enrol.secret")}
        <br />
        <code>{made.secret}</code>
      </p>
      <p role="alert" class="wrong">
        {wrong.value}
      </p>
      <Field label={t("login.code")} hint={t("login.code.why")}>
        <input
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={8}
          required
          autofocus
          value={code}
          onInput={(event) => (code.value = event.currentTarget.value)}
        />
      </Field>
      <button class="button main wide">
        <span>{t("enrol.do")}</span>
      </button>
    </form>
  );
}
