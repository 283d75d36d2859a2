/** Access for programs: made, shown once, taken away. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, post, remove } from "../api";
import { clockTime, day } from "../i18n/language";
import { t } from "../i18n/words";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { tellProblem } from "../ui/said";

interface Token {
  id: number;
  name: string;
  created_at: string;
  used_at: string | null;
}

export function Tokens() {
  const tokens = useSignal<readonly Token[]>([]);
  const made = useSignal<string | null>(null);
  const name = useSignal("");

  const load = async () => {
    tokens.value = await get<Token[]>("/me/tokens");
  };
  useEffect(() => void load().catch(tellProblem), []);

  const make = async () => {
    const answer = await post<{ token: string }>("/me/tokens", { name: name.value.trim() });
    made.value = answer.token;
    name.value = "";
    await load();
  };
  const take = async (token: Token) => {
    await remove(`/me/tokens/${token.id}`);
    await load();
  };

  return (
    <section class="stack">
      <h3>{t("me.tokens")}</h3>
      {tokens.value.length === 0 && <p class="soft">{t("me.tokens.none")}</p>}
      <ul class="stack">
        {tokens.value.map((token) => (
          <li key={token.id} class="row">
            <span class="grow">
              {token.name}{" "}
              <small class="soft">
                {token.used_at === null
                  ? t("me.tokens.never")
                  : t("me.tokens.last", { at: `${day(token.used_at)} ${clockTime(token.used_at)}` })}
              </small>
            </span>
            <Button look="danger" label={`${t("me.tokens.remove")}: ${token.name}`} onClick={() => take(token)}>
              {t("me.tokens.remove")}
            </Button>
          </li>
        ))}
      </ul>
      {made.value !== null && (
        <p class="token" role="status">
          {t("me.tokens.once")}
          <br />
          <code>{made.value}</code>
        </p>
      )}
      <Field label={t("me.tokens.name")}>
        <input value={name} maxLength={80} onInput={(event) => (name.value = event.currentTarget.value)} />
      </Field>
      <Button disabled={name.value.trim() === ""} onClick={make}>
        {t("me.tokens.make")}
      </Button>
    </section>
  );
}
