/** What can be done with a draft: save it, give it up, or choose between it and what somebody else has saved. */
import type { ComponentChildren } from "preact";
import { said } from "../i18n/sentences";
import { Button } from "../ui/Button";
import type { Draft, Versioned } from "./draft";
import { t } from "./words";

/** While there is nothing to edit yet: that it is loaded, or why it cannot be. */
export function Waiting<T extends Versioned>({ draft }: { draft: Draft<T> }) {
  if (draft.problem.value === "") return <p class="soft loading">{t("loading")}</p>;
  return (
    <p class="card refused" role="alert">
      <span class="wrong">{draft.problem.value}</span> <Button onClick={() => draft.load()}>{t("again")}</Button>
    </p>
  );
}

interface SaveBarProps<T extends Versioned> {
  draft: Draft<T>;
  /** A version in few words, to compare two. */
  show: (value: T) => ComponentChildren;
  /** Why it cannot be saved as it is. */
  hindrance?: string | undefined;
}

export function SaveBar<T extends Versioned>({ draft, show, hindrance }: SaveBarProps<T>) {
  const newer = draft.newer.value;
  if (newer !== null && draft.value.value !== null) {
    return <Newer draft={draft} mine={draft.value.value} theirs={newer} show={show} />;
  }
  const wrong = draft.wrong.value[""];
  if (!draft.dirty.value) return null;
  return (
    <div class="savebar card">
      <p role="status" class="grow">
        {wrong !== undefined ? <span class="wrong">{said(wrong)}</span> : t("unsaved")}
        {hindrance !== undefined && <span class="wrong"> {said(hindrance)}</span>}
      </p>
      <Button onClick={() => draft.discard()}>{t("discard")}</Button>
      <Button look="main" disabled={hindrance !== undefined} title={hindrance} onClick={() => draft.save()}>
        {t("save")}
      </Button>
    </div>
  );
}

interface NewerProps<T extends Versioned> {
  draft: Draft<T>;
  mine: T;
  theirs: T;
  show: (value: T) => ComponentChildren;
}

function Newer<T extends Versioned>({ draft, mine, theirs, show }: NewerProps<T>) {
  return (
    <section class="savebar newer card" role="alertdialog" aria-label={t("newer")}>
      <h2>{t("newer")}</h2>
      <p>{t("newer.which")}</p>
      <div class="both">
        <div>
          <h3>{t("newer.mine")}</h3>
          {show(mine)}
        </div>
        <div>
          <h3>{t("newer.theirs")}</h3>
          {show(theirs)}
        </div>
      </div>
      <div class="row">
        <Button look="main" onClick={() => draft.keepMine()}>
          {t("newer.keep")}
        </Button>
        <Button onClick={() => draft.takeNewer()}>{t("newer.take")}</Button>
      </div>
    </section>
  );
}
