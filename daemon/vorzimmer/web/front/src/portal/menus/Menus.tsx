/** The voice menus: edited as a list, checked with every change, and drawn. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, post } from "../../api";
import { Button } from "../../ui/Button";
import { tellProblem } from "../../ui/said";
import { useAsked } from "../asked";
import { at } from "../client";
import { draftOf } from "../draft";
import { SaveBar, Waiting } from "../SaveBar";
import type { Announcements } from "../announcements/types";
import type { People } from "../people/types";
import type { Menu, MenuCheck, Menus as Told } from "./types";
import { Faults, MenuEditor } from "./MenuEditor";
import { ENTRANCES, Entrances, without } from "./Entrances";
import { Picture } from "./Picture";
import type { Choices } from "./TargetList";
import { t } from "./words";

const TYPING_MS = 400;

function sent({ version, menus, first }: Told) {
  return { version, menus, first };
}

export function Menus() {
  const draft = draftOf<Told>(at("/menus"), sent);
  const people = useAsked<People>(at("/contacts"));
  const sounds = useAsked<Announcements>(at("/announcements"));
  useEffect(() => void draft.load(), [draft]);
  const told = draft.value.value;
  const check = useCheck(told);
  if (told === null) return <Waiting draft={draft} />;

  const change = (menus: readonly Menu[]) => draft.change({ menus });
  const choices: Choices = {
    menus: told.menus,
    contacts: people.value.value?.contacts ?? [],
    onCall: people.value.value?.rota != null,
    sounds: sounds.value.value?.announcements.map((one) => one.name) ?? [],
  };
  const { picture } = check ?? told;
  const problems = (check ?? told).problems.map((fault) => ({ ...fault, text: byTitle(fault.text, told.menus) }));
  const remove = (gone: Menu) =>
    draft.change({ menus: told.menus.filter((menu) => menu !== gone), first: without(told.first, gone.id) });
  const elsewhere = problems.filter((fault) => !told.menus.some((menu) => menu.id === fault.menu));
  return (
    <>
      <p class="soft">{told.menus.length > 0 ? t("why") : t("none")}</p>
      <section class={`card stack ${problems.length > 0 ? "refused" : ""}`} aria-labelledby="menu-picture" aria-live="polite">
        <h2 id="menu-picture">{t("picture")}</h2>
        {told.menus.length > 0 && <p>{t(problems.length > 0 ? "problems" : "problems.none")}</p>}
        <Faults faults={problems.length > 0 ? [...elsewhere, ...problems.filter((one) => !elsewhere.includes(one))] : []} />
        <Picture picture={picture} />
      </section>
      <Entrances first={told.first} menus={told.menus} onChange={(first) => draft.change({ first })} />
      {told.menus.map((menu, n) => (
        <MenuEditor
          key={menu.id}
          menu={menu}
          choices={choices}
          faults={problems.filter((fault) => fault.menu === menu.id)}
          onChange={(changed) => change(told.menus.map((one, m) => (m === n ? changed : one)))}
          onRemove={() => remove(menu)}
        />
      ))}
      <p>
        <Button onClick={() => change([...told.menus, begun(told.menus, choices)])}>{t("menu.add")}</Button>
      </p>
      <SaveBar
        draft={draft}
        show={(value) => <InShort {...value} />}
        hindrance={problems.length > 0 ? problems[0]?.text : undefined}
      />
    </>
  );
}

/** What the server says of the menus as they are typed. */
function useCheck(told: Told | null): MenuCheck | null {
  const found = useSignal<MenuCheck | null>(null);
  const asked = told === null ? "" : JSON.stringify({ menus: told.menus, first: told.first });
  useEffect(() => {
    if (asked === "") return undefined;
    let still = true;
    const look = async () => {
      try {
        const check = await post<MenuCheck>(at("/menus/check"), JSON.parse(asked));
        if (still) found.value = check;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // Half a number, an empty name: said where it is saved.
        if (error.status !== 422) tellProblem(error);
      }
    };
    const timer = setTimeout(() => void look(), TYPING_MS);
    return () => {
      still = false;
      clearTimeout(timer);
    };
  }, [asked]);
  return found.value;
}

function begun(menus: readonly Menu[], choices: Choices): Menu {
  let n = menus.length + 1;
  while (menus.some((menu) => menu.id === `menu-${n}`)) n++;
  return {
    id: `menu-${n}`,
    title: `${t("menu.new")} ${n}`,
    prompt: choices.sounds.find((name) => name.startsWith("menu")) ?? choices.sounds[0] ?? "greeting",
    wrong: null,
    timeout: 5,
    repeats: 2,
    keys: {},
    otherwise: [],
  };
}

/** The server names menus by their ids, which nobody sees here. */
function byTitle(sentence: string, menus: readonly Menu[]): string {
  return menus.reduce((text, menu) => text.replaceAll(`'${menu.id}'`, `'${menu.title}'`), sentence);
}

function InShort({ menus, first }: Pick<Told, "menus" | "first">) {
  return (
    <ul>
      {ENTRANCES.map((name) => (
        <li key={name}>
          {t(`first.${name}`)}: {menus.find((menu) => menu.id === first[name])?.title ?? t("first.none")}
        </li>
      ))}
      {menus.map((menu) => (
        <li key={menu.id}>{t("short", { title: menu.title, keys: Object.keys(menu.keys).join(", ") })}</li>
      ))}
    </ul>
  );
}
