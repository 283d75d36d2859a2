/** The portal's frame: whose it is, what is true now, and the way to its pages; below on a phone, at the side elsewhere. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Account } from "../me/Account";
import type { Me } from "../session";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { ActingBanner } from "./Acting";
import { name, summary } from "./client";
import { Icon, type Picture } from "./icons";
import { href, place } from "./route";
import type { Summary } from "./today/types";
import { moment } from "./when";
import { t, type Word } from "./words";

export interface Page {
  readonly id: Picture;
  readonly title: Word;
  readonly Body: ComponentType<{ item: string }>;
}

/** So many fit below on a phone, beside "more". */
const AT_HAND = 4;

interface ShellProps {
  who: Me;
  pages: readonly Page[];
  /** Whether enough is known to show a page. */
  ready: boolean;
  before?: ComponentChildren;
}

export function Shell({ who, pages, ready, before }: ShellProps) {
  const account = useSignal(false);
  const { page, item } = place.value;
  const shown = pages.find((one) => one.id === (page === "" ? pages[0]?.id : page));
  const title = page === "more" ? "page.more" : (shown?.title ?? "page.unknown");
  return (
    <div class="portal">
      <a class="skip button" href="#main" onClick={(event) => (event.preventDefault(), toMain())}>
        {t("skip")}
      </a>
      <ActingBanner who={who} />
      <header class="portal-top">
        {before}
        <p class="whose">{name.value}</p>
        {summary.value !== null && <StateNow now={summary.value} />}
        <span class="grow" />
        <Button label={`${t("nav.account")}: ${who.name}`} onClick={() => (account.value = true)}>
          <Icon of="users" />
          <span class="wide-only">{who.name}</span>
        </Button>
      </header>
      <Ways pages={pages} current={shown?.id ?? page} />
      <main id="main" tabIndex={-1}>
        <Heading key={title} title={t(title)} />
        {!ready ? <p class="soft">{t("loading")}</p> : page === "more" ? <More pages={pages} /> : shown !== undefined && <shown.Body key={page} item={item} />}
      </main>
      {account.value && (
        <Dialog title={`${t("me.title")}: ${who.name}`} onClose={() => (account.value = false)}>
          <Account />
        </Dialog>
      )}
    </div>
  );
}

function toMain(): void {
  document.getElementById("main")?.focus();
}

/** A new page begins at its heading, also for who hears it. */
function Heading({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${name.value}`;
  });
  useLayoutEffect(() => {
    if (arrived) {
      heading.current?.focus();
      scrollTo(0, 0);
    }
    arrived = true;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
}

let arrived = false;

function StateNow({ now }: { now: Summary }) {
  return (
    <a class={`office ${now.state}`} href={href("today")}>
      <strong>{t(`state.${now.state}`)}</strong>
      {now.until !== null && <span class="number">{t("state.until", { at: moment(now.until) })}</span>}
    </a>
  );
}

function Ways({ pages, current }: { pages: readonly Page[]; current: string }) {
  const beyond = pages.slice(AT_HAND).some((page) => page.id === current) || current === "more";
  return (
    <nav class="ways" aria-label={t("nav.pages")}>
      <ul>
        {pages.map((page, n) => (
          <li key={page.id} class={n < AT_HAND ? "" : "beyond"}>
            <Way page={page} current={page.id === current} />
          </li>
        ))}
        <li class="to-more">
          <a href={href("more")} class={beyond ? "within" : ""} aria-current={current === "more" ? "page" : undefined}>
            <Icon of="more" />
            <span>{t("page.more")}</span>
          </a>
        </li>
      </ul>
    </nav>
  );
}

function Way({ page, current }: { page: Page; current: boolean }) {
  return (
    <a href={href(page.id)} aria-current={current ? "page" : undefined}>
      <Icon of={page.id} />
      <span>{t(page.title)}</span>
    </a>
  );
}

function More({ pages }: { pages: readonly Page[] }) {
  return (
    <ul class="more card">
      {pages.slice(AT_HAND).map((page) => (
        <li key={page.id}>
          <Way page={page} current={false} />
        </li>
      ))}
    </ul>
  );
}
