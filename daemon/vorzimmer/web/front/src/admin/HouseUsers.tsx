/** All users; an admin acts for a client's user from here, which is shown on every page and written down. */
import { useSignal } from "@preact/signals";
import { patch, post } from "../api";
import { Show, useAsked } from "../portal/asked";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import type { User } from "./types";
import { t } from "./words";

export function HouseUsers() {
  const users = useAsked<readonly User[]>("/users");
  const q = useSignal("");
  const word = q.value.trim().toLowerCase();
  const fits = (user: User) => [user.id, user.name, user.client, user.email].some((one) => one?.toLowerCase().includes(word));
  return (
    <section class="card stack">
      <Field label={t("users.find")}>
        <input type="search" value={q} onInput={(event) => (q.value = event.currentTarget.value)} />
      </Field>
      <Show of={users}>
        {(found) => (
          <ul class="entries">
            {found.filter(fits).map((user) => (
              <li key={user.id} class="row">
                <span class="grow">
                  <strong>{user.name}</strong>
                  <br />
                  <small class="soft">
                    {[user.id, user.client ?? user.agent, user.email].filter(Boolean).join(" · ")}
                  </small>
                </span>
                <span class="tag">{t(`role.${user.role}`)}</span>
                {user.totp && <span class="tag good">{t("users.totp")}</span>}
                {user.disabled && <span class="tag bad">{t("users.disabled")}</span>}
                <Acts user={user} reload={users.reload} />
              </li>
            ))}
          </ul>
        )}
      </Show>
    </section>
  );
}

function Acts({ user, reload }: { user: User; reload: () => Promise<void> }) {
  const act = async () => {
    await post("/impersonation", { user: user.id });
    // The page begins anew: what it holds is not this user's.
    location.assign("/");
  };
  const lock = async () => {
    await patch(`/users/${encodeURIComponent(user.id)}`, { disabled: !user.disabled });
    await reload();
  };
  return (
    <>
      {user.role === "client" && !user.disabled && (
        <Button label={`${t("users.act")}: ${user.name}`} onClick={act}>
          {t("users.act")}
        </Button>
      )}
      <Button label={`${t(user.disabled ? "users.enable" : "users.disable")}: ${user.name}`} onClick={lock}>
        {t(user.disabled ? "users.enable" : "users.disable")}
      </Button>
    </>
  );
}
