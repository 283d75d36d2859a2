/** What somebody keeps about the own account: password, second factor, language, looks, access for programs. */
import { useSignal } from "@preact/signals";
import { ApiError, post } from "../api";
import { language } from "../i18n/language";
import { t } from "../i18n/words";
import { Enrol } from "../login/Enrol";
import { chooseLanguage, enter, me, signOut, type Me } from "../session";
import { chooseTheme, theme, type Theme } from "../theme";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { inWords, tell, tellProblem } from "../ui/said";
import { Tokens } from "./Tokens";
import "./account.css";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function Account() {
  return (
    <div class="account">
      <Looks />
      <Password />
      <SecondFactor />
      <Tokens />
      <Button onClick={signOut}>{t("me.sign_out")}</Button>
    </div>
  );
}

function Looks() {
  return (
    <section class="row">
      <Field label={t("me.language")}>
        <select
          value={language.value}
          onChange={(event) => void chooseLanguage(event.currentTarget.value as "de" | "en").catch(tellProblem)}
        >
          <option value="de">Deutsch</option>
          <option value="en">English</option>
        </select>
      </Field>
      <Field label={t("me.theme")}>
        <select value={theme.value} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {t(`me.theme.${one}` as "me.theme.system")}
            </option>
          ))}
        </select>
      </Field>
    </section>
  );
}

function Password() {
  const old = useSignal("");
  const wanted = useSignal("");
  const again = useSignal("");
  const wrong = useSignal("");

  const change = async (event: Event) => {
    event.preventDefault();
    if (wanted.value !== again.value) {
      wrong.value = t("me.password.differ");
      return;
    }
    try {
      // All sessions end, and this page goes on in a new one.
      enter(await post<Me>("/me/password", { old: old.value, new: wanted.value }));
      old.value = wanted.value = again.value = wrong.value = "";
      tell(t("me.password.done"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      wrong.value = inWords(error);
    }
  };

  const fields = [
    ["me.password.old", old, "current-password"],
    ["me.password.new", wanted, "new-password"],
    ["me.password.again", again, "new-password"],
  ] as const;
  return (
    <section>
      <h3>{t("me.password")}</h3>
      <form onSubmit={(event) => void change(event)}>
        <input type="hidden" autocomplete="username" value={me.value?.user ?? ""} />
        <p role="alert" class="wrong">
          {wrong.value}
        </p>
        {fields.map(([label, value, complete]) => (
          <Field key={label} label={t(label)}>
            <input
              type="password"
              required
              autocomplete={complete}
              value={value}
              onInput={(event) => (value.value = event.currentTarget.value)}
            />
          </Field>
        ))}
        <button class="button">
          <span>{t("me.password.do")}</span>
        </button>
      </form>
    </section>
  );
}

function SecondFactor() {
  const enrolling = useSignal(false);
  const on = me.value?.totp === true;
  return (
    <section class="stack">
      <h3>{t("me.totp")}</h3>
      <p>{t(on ? "me.totp.on" : "me.totp.off")}</p>
      {enrolling.value && <Enrol onDone={() => (enrolling.value = false)} />}
      {!on && !enrolling.value && <Button onClick={() => (enrolling.value = true)}>{t("me.totp.set")}</Button>}
    </section>
  );
}
