/** Choosing a password by a mailed link: for who was invited, and for who has forgotten it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, get, post } from "../api";
import { speak } from "../i18n/language";
import { t } from "../i18n/words";
import { Field } from "../ui/Field";
import { inWords, tellProblem } from "../ui/said";

interface LinkShown {
  user: string;
  name: string;
  language: string;
}

const PATHS = { invite: "/invitations", reset: "/password/reset" } as const;

export function ChoosePassword({ kind, token }: { kind: keyof typeof PATHS; token: string }) {
  const path = `${PATHS[kind]}/${encodeURIComponent(token)}`;
  const link = useSignal<LinkShown | null>(null);
  const gone = useSignal(false);
  const done = useSignal(false);
  useEffect(() => {
    get<LinkShown>(path).then(
      (found) => {
        speak(found.language);
        link.value = found;
      },
      (error) => {
        if (error instanceof ApiError && error.status !== 0 && error.status < 500) gone.value = true;
        else tellProblem(error);
      },
    );
  }, [path]);
  return (
    <main class="door">
      <section class="card">
        <p class="brand">Vorzimmer</p>
        <h1>{t(`choose.${kind}`)}</h1>
        {gone.value && <p role="alert">{t("choose.gone")}</p>}
        {link.value !== null && !done.value && <Choice path={path} link={link.value} onDone={() => (done.value = true)} />}
        {link.value !== null && done.value && <p role="status">{t("choose.done", { user: link.value.user })}</p>}
        {(done.value || gone.value) && (
          <p>
            <a href="/">{t("choose.login")}</a>
          </p>
        )}
      </section>
    </main>
  );
}

function Choice({ path, link, onDone }: { path: string; link: LinkShown; onDone: () => void }) {
  const wanted = useSignal("");
  const again = useSignal("");
  const wrong = useSignal("");
  const choose = async (event: Event) => {
    event.preventDefault();
    if (wanted.value !== again.value) {
      wrong.value = t("choose.differ");
      return;
    }
    try {
      await post(path, { password: wanted.value });
      onDone();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      wrong.value = inWords(error);
    }
  };
  const fields = [
    ["choose.password", wanted],
    ["choose.again", again],
  ] as const;
  return (
    <form onSubmit={(event) => void choose(event)}>
      <p>{t("choose.who", { name: link.name, user: link.user })}</p>
      <input type="hidden" autocomplete="username" value={link.user} />
      <p role="alert" class="wrong">
        {wrong.value}
      </p>
      {fields.map(([label, value]) => (
        <Field key={label} label={t(label)}>
          <input
            type="password"
            required
            autocomplete="new-password"
            value={value}
            onInput={(event) => (value.value = event.currentTarget.value)}
          />
        </Field>
      ))}
      <button class="button main wide">
        <span>{t("choose.do")}</span>
      </button>
    </form>
  );
}
