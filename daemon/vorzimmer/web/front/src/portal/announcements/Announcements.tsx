/** All announcements by name, with what callers hear now; and one of them with its versions. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../../clock";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Show, useAsked } from "../asked";
import { at } from "../client";
import { go, href } from "../route";
import type { PinState } from "../people/types";
import type { Announcement, Announcements as Told, Version } from "./types";
import { moment } from "../when";
import { NewVersion } from "./NewVersion";
import { Player } from "./Player";
import { audioOf, VersionCard } from "./VersionCard";
import { placeOf, t, titleOf } from "./words";

/** How often is looked whether a version is prepared. */
const AGAIN_MS = 1000;

export function Announcements({ item }: { item: string }) {
  const told = useAsked<Told>(at("/announcements"));
  const service = useAsked<PinState>(at("/pin"));
  const waiting = told.value.value?.announcements.some((one) => one.versions.some(isWaiting)) === true;
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setInterval(() => void told.reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [waiting, told]);
  return (
    <Show of={told}>
      {(found) =>
        item === "" ? (
          <List told={found} />
        ) : (
          <One
            announcement={found.announcements.find((one) => one.name === item) ?? unheard(item)}
            testNumber={service.value.value?.number_shown ?? null}
            client={service.value.value?.code ?? null}
            reload={told.reload}
          />
        )
      }
    </Show>
  );
}

function isWaiting(version: Version): boolean {
  return version.state === "waiting";
}

/** One of which there is nothing yet. */
function unheard(name: string): Announcement {
  return { name, phone_code: null, used_in: [], file: null, versions: [] };
}

function List({ told }: { told: Told }) {
  return (
    <>
      <p class="soft">{t("why")}</p>
      <ul class="announcements">
        {told.announcements.map((one) => (
          <li key={one.name} class="card stack">
            <Head announcement={one} />
          </li>
        ))}
      </ul>
      <Further />
    </>
  );
}

function Head({ announcement }: { announcement: Announcement }) {
  const { name, used_in, versions } = announcement;
  const current = currentOf(announcement);
  const coming = versions.filter((one) => one !== current && (isWaiting(one) || one.state === "draft" || isLater(one)));
  return (
    <>
      <h2>
        <a href={href("announcements", name)}>{titleOf(name)}</a>
      </h2>
      {used_in.length > 0 && <p class="soft small">{t("heard.used", { where: used_in.map(placeOf).join(", ") })}</p>}
      {current === undefined ? (
        <p class="soft">{announcement.file === null ? t("heard.none") : t("heard.file", { file: announcement.file })}</p>
      ) : (
        <Player source={audioOf(current)} title={titleOf(name)} seconds={current.seconds ?? 0} peaks={current.peaks} />
      )}
      {coming.length > 0 && (
        <p class="row">
          {coming.map((one) => (
            <span key={one.id} class="tag warn">
              {isLater(one) ? t("state.later", { at: moment(one.effective_from ?? "") }) : t(`state.${one.state}`)}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

/** What callers hear: the approved version that holds since the latest. The server knows it a moment after an approval. */
function currentOf({ versions }: Announcement): Version | undefined {
  const holding = versions.filter((one) => one.state === "approved" && !isLater(one));
  const since = (one: Version) => `${one.effective_from ?? ""} ${one.approved_at ?? ""}`;
  return holding.reduce<Version | undefined>((best, one) => (best === undefined || since(one) > since(best) ? one : best), undefined);
}

/** Our clock may be a little behind the server's. */
const AT_ONCE_MS = 5000;

export function isLater(version: Version): boolean {
  return version.state === "approved" && version.effective_from !== null && Date.parse(version.effective_from) > now() + AT_ONCE_MS;
}

/** An announcement under a name of one's own, for the voice menu. */
function Further() {
  const name = useSignal("");
  const fits = /^[a-z0-9][a-z0-9_-]*$/.test(name.value);
  return (
    <details class="card">
      <summary>{t("own.add")}</summary>
      <form class="stack" onSubmit={(event) => event.preventDefault()}>
        <Field label={t("own.name")} hint={t("own.hint")}>
          <input
            maxLength={40}
            autocapitalize="none"
            spellcheck={false}
            value={name}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </Field>
        <p>
          <Button submits disabled={!fits} onClick={() => go(href("announcements", name.value))}>
            {t("own.open")}
          </Button>
        </p>
      </form>
    </details>
  );
}

interface OneProps {
  announcement: Announcement;
  testNumber: string | null;
  /** The client's code on telephones. */
  client: string | null;
  reload: () => Promise<void>;
}

function One({ announcement, testNumber, client, reload }: OneProps) {
  const { name, versions, phone_code: code } = announcement;
  const current = currentOf(announcement);
  return (
    <>
      <p>
        <a href={href("announcements")}>← {t("to_list")}</a>
      </p>
      <div class="columns">
        <section class="card stack" aria-labelledby="versions">
          <h2 id="versions">{titleOf(name)}</h2>
          {code !== null && client !== null && <p class="soft small">{t("by_keys", { client, code })}</p>}
          {versions.length === 0 && <p class="soft">{t("versions.none")}</p>}
          <ul class="entries">
            {versions.map((one) => (
              <li key={one.id}>
                <VersionCard version={one} current={one === current} testNumber={testNumber} reload={reload} />
              </li>
            ))}
          </ul>
        </section>
        <NewVersion name={name} onMade={reload} />
      </div>
    </>
  );
}
