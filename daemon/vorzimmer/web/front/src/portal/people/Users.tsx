/** Who may use the portal: invited, locked, removed. */
import { useSignal } from "@preact/signals";
import { patch, post, remove } from "../../api";
import { language } from "../../i18n/language";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/said";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { Sure } from "../Sure";
import type { PortalUser } from "./types";
import { Pin } from "./Pin";
import { t } from "./words";

export function Users() {
  const users = useAsked<readonly PortalUser[]>(at("/users"));
  return (
    <div class="columns">
      <section class="card stack" aria-labelledby="users">
        <h2 id="users">{t("users")}</h2>
        <Show of={users}>
          {(found) => (
            <ul class="entries">
              {found.map((user) => (
                <li key={user.id}>
                  <User user={user} reload={users.reload} />
                </li>
              ))}
            </ul>
          )}
        </Show>
      </section>
      <div class="stack">
        <Invite onInvited={users.reload} />
        <Pin />
      </div>
    </div>
  );
}

function User({ user, reload }: { user: PortalUser; reload: () => Promise<void> }) {
  const path = at(`/users/${encodeURIComponent(user.id)}`);
  const state = user.disabled ? "disabled" : user.invited ? "invited" : "active";
  const then = async (doing: Promise<unknown>) => {
    await doing;
    await reload();
  };
  const again = async () => {
    await then(post(`${path}/invitation`));
    tell(t("users.done", { to: user.email ?? "" }));
  };
  return (
    <div class="stack">
      <p class="row">
        <strong class="grow">{user.name}</strong>
        <span class={`tag ${{ disabled: "bad", invited: "warn", active: "good" }[state]}`}>{t(`users.${state}`)}</span>
      </p>
      <p class="soft small">
        {user.id}
        {user.email !== null && ` · ${user.email}`}
        {user.yourself && ` · ${t("users.you")}`}
      </p>
      {!user.yourself && (
        <div class="row">
          {user.invited && !user.disabled && (
            <Button label={`${t("users.again")}: ${user.name}`} onClick={again}>
              {t("users.again")}
            </Button>
          )}
          <Button
            label={`${t(user.disabled ? "users.enable" : "users.disable")}: ${user.name}`}
            onClick={() => then(patch(path, { disabled: !user.disabled }))}
          >
            {t(user.disabled ? "users.enable" : "users.disable")}
          </Button>
          <Sure what={t("remove")} of={user.name} onSure={() => then(remove(path))} />
        </div>
      )}
    </div>
  );
}

function Invite({ onInvited }: { onInvited: () => Promise<void> }) {
  const name = useSignal("");
  const email = useSignal("");
  const tongue = useSignal<string>(language.value);
  const invite = async () => {
    await post(at("/users"), { name: name.value.trim(), email: email.value.trim(), language: tongue.value });
    tell(t("users.done", { to: email.value.trim() }));
    name.value = email.value = "";
    await onInvited();
  };
  return (
    <section class="card stack" aria-labelledby="invite">
      <h2 id="invite">{t("users.invite")}</h2>
      <form class="stack" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("name")}>
          <input maxLength={80} autocomplete="off" value={name} onInput={(event) => (name.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("users.mail")}>
          <input type="email" autocomplete="off" value={email} onInput={(event) => (email.value = event.currentTarget.value)} />
        </Field>
        <Field label={t("users.language")}>
          <select value={tongue} onChange={(event) => (tongue.value = event.currentTarget.value)}>
            <option value="de">Deutsch</option>
            <option value="en">English</option>
          </select>
        </Field>
        <p>
          <Button look="main" submits disabled={name.value.trim() === "" || !email.value.includes("@")} onClick={invite}>
            {t("users.do")}
          </Button>
        </p>
      </form>
    </section>
  );
}
