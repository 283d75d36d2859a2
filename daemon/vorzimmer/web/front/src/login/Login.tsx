/** Signing in: as the page's first sight, or on top of it where a session ended in the middle of the work. */
import { useSignal } from "@preact/signals";
import { ApiError } from "../api";
import { t } from "../i18n/words";
import { me, signIn } from "../session";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { inWords } from "../ui/said";
import { Forgotten } from "./Forgotten";
import { useQuiet } from "./quiet";

export function Login() {
  const forgotten = useSignal(false);
  return (
    <main class="door">
      <section class="card">
        <p class="brand">Vorzimmer</p>
        <h1>{t("login.title")}</h1>
        {forgotten.value ? (
          <Forgotten onClose={() => (forgotten.value = false)} />
        ) : (
          <>
            <LoginForm />
            <p>
              <button type="button" class="link" onClick={() => (forgotten.value = true)}>
                {t("forgotten.link")}
              </button>
            </p>
          </>
        )}
      </section>
    </main>
  );
}

export function LoginOverlay() {
  const quiet = useQuiet();
  if (!quiet.value) return null;
  return (
    <Dialog title={t("login.again")} class="door">
      <p>{t("login.again.why")}</p>
      <LoginForm known={me.value?.user} />
    </Dialog>
  );
}

function LoginForm({ known }: { known?: string | undefined }) {
  const user = useSignal(known ?? "");
  const password = useSignal("");
  const code = useSignal<string | null>(null);
  const wrong = useSignal("");
  const busy = useSignal(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    try {
      await signIn(user.value.trim(), password.value, code.value);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "code_needed") {
        code.value = "";
        wrong.value = "";
      } else {
        wrong.value = said(error);
      }
    } finally {
      busy.value = false;
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <p role="alert" class="wrong">
        {wrong.value}
      </p>
      <Field label={t("login.user")}>
        <input
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          readOnly={known !== undefined}
          autofocus={known === undefined}
          value={user}
          onInput={(event) => (user.value = event.currentTarget.value)}
        />
      </Field>
      <Field label={t("login.password")}>
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          autofocus={known !== undefined}
          value={password}
          onInput={(event) => (password.value = event.currentTarget.value)}
        />
      </Field>
      {code.value !== null && (
        <Field label={t("login.code")} hint={t("login.code.why")}>
          <input
            name="code"
            inputMode="numeric"
            autocomplete="one-time-code"
            maxLength={8}
            required
            ref={focusAtFirst}
            value={code.value}
            onInput={(event) => (code.value = event.currentTarget.value)}
          />
        </Field>
      )}
      <button class="button main wide" aria-busy={busy.value || undefined}>
        <span>{t("login.do")}</span>
      </button>
      {known !== undefined && (
        <p>
          <button type="button" class="link" onClick={() => location.reload()}>
            {t("login.other")}
          </button>
        </p>
      )}
    </form>
  );
}

function focusAtFirst(input: HTMLInputElement | null): void {
  if (input?.value === "") input.focus();
}

function said(error: ApiError): string {
  if (error.status === 429) return t("login.too_often");
  if (error.status === 401) return t("login.wrong");
  return inWords(error);
}
