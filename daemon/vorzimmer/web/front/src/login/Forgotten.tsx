/** For who has forgotten the password: a link by mail. The answer is the same for everybody. */
import { useSignal } from "@preact/signals";
import { post } from "../api";
import { t } from "../i18n/words";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";

export function Forgotten({ onClose }: { onClose: () => void }) {
  const user = useSignal("");
  const sent = useSignal(false);
  const ask = async () => {
    await post("/password/forgotten", { user: user.value.trim() });
    sent.value = true;
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <p>{t(sent.value ? "forgotten.sent" : "forgotten.why")}</p>
      {!sent.value && (
        <>
          <Field label={t("login.user")}>
            <input
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              autofocus
              value={user}
              onInput={(event) => (user.value = event.currentTarget.value)}
            />
          </Field>
          <Button look="main" class="wide" submits disabled={user.value.trim() === ""} onClick={ask}>
            {t("forgotten.do")}
          </Button>
        </>
      )}
      <p>
        <button type="button" class="link" onClick={onClose}>
          {t("forgotten.back")}
        </button>
      </p>
    </form>
  );
}
