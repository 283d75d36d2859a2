/**
 * Keys for everything that is done while talking. Function keys and Alt with a letter: they collide neither with typing nor
 * with what Chromium and Firefox keep for themselves (they do keep F5, F11, F12, Alt+D, Alt+E and Alt+F; those are not
 * used). Letters are taken by their place in `code`, so that a Mac's Alt+U or another layout does not matter.
 */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { signedOut } from "../api";
import { tellProblem } from "../ui/said";

export const KEYS = {
  next: "F2",
  hold: "F4",
  note: "F6",
  put_through: "F7",
  connect: "F8",
  pause: "F9",
  hang_up: "Alt+H",
  back: "Alt+B",
  join: "Alt+J",
  record: "Alt+R",
  record_key: "Alt+Shift+R",
  mute: "Alt+M",
  result: "Alt+O",
  new_note: "Alt+N",
  urgent: "Alt+U",
  finish: "Ctrl+Enter",
  aside: "Alt+L",
  rota: "Alt+0",
  notice: "Alt+I",
  help: "F1",
} as const;

/** While a dialog asks for something, only what concerns the telephone itself is done. */
const ALWAYS: readonly string[] = [KEYS.next, KEYS.hang_up, KEYS.hold, KEYS.mute];

const actions = signal<ReadonlyMap<string, () => unknown>>(new Map());

/** Do `action` at this key while the component is there and `when` holds. */
export function useShortcut(keys: string, action: () => unknown, when = true): void {
  const latest = useRef(action);
  latest.current = action;
  // As soon as it is seen it is done: before the browser paints.
  useLayoutEffect(() => {
    if (!when) return undefined;
    const press = () => latest.current();
    actions.value = new Map(actions.peek()).set(keys, press);
    return () => {
      const left = new Map(actions.peek());
      if (left.get(keys) === press) left.delete(keys);
      actions.value = left;
    };
  }, [keys, when]);
}

/** Follow the keyboard until the returned function is called. */
export function followKeys(): () => void {
  const pressed = (event: KeyboardEvent) => {
    const name = nameOf(event);
    const known = Object.values<string>(KEYS).includes(name) || /^Alt\+(Shift\+)?[1-9]$/.test(name);
    const asking = event.key === "?" && !isTyping(event.target);
    if (!known && !asking) return;
    // Also where nothing is to be done now: the browser's own F4 or Alt+1 in the middle of a talk would only startle.
    event.preventDefault();
    if (signedOut.value || event.repeat) return;
    const key = asking ? KEYS.help : name;
    if (document.querySelector("dialog[open]") !== null && !ALWAYS.includes(key)) return;
    const action = actions.peek().get(key);
    if (action !== undefined) Promise.resolve().then(action).catch(tellProblem);
  };
  addEventListener("keydown", pressed, { capture: true });
  return () => removeEventListener("keydown", pressed, { capture: true });
}

function nameOf(event: KeyboardEvent): string {
  if (event.metaKey || event.getModifierState("AltGraph")) return "";
  const plain = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? (event.code === "NumpadEnter" ? "Enter" : event.code);
  return [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", plain].filter(Boolean).join("+");
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}
