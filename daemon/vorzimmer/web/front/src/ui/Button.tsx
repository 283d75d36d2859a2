/** A button that shows its key, and is busy until what it does is done. */
import type { ComponentChildren } from "preact";
import { useSignal } from "@preact/signals";
import { tellProblem } from "./said";
import { Keys } from "./Keys";

export interface ButtonProps {
  children: ComponentChildren;
  onClick: () => unknown;
  look?: "main" | "strong" | "danger" | "plain";
  /** The shortcut as shown and as announced, for instance `F2` or `Alt+1`. */
  keys?: string | undefined;
  disabled?: boolean | undefined;
  /** Why it is disabled, or what it does. */
  title?: string | undefined;
  label?: string | undefined;
  pressed?: boolean | undefined;
  /** Enter in its form presses it. */
  submits?: boolean;
  class?: string | undefined;
}

export function Button(props: ButtonProps) {
  const busy = useSignal(false);
  const press = async () => {
    if (busy.value || props.disabled === true) return;
    busy.value = true;
    try {
      await props.onClick();
    } catch (error) {
      tellProblem(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <button
      type={props.submits === true ? "submit" : "button"}
      class={`button ${props.look ?? "plain"} ${props.class ?? ""}`}
      onClick={() => void press()}
      // Not `disabled`: what cannot be done now can still be reached and says why.
      aria-disabled={props.disabled === true || undefined}
      aria-busy={busy.value || undefined}
      aria-keyshortcuts={props.keys?.replace("Ctrl", "Control")}
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.title}
    >
      <span>{props.children}</span>
      {props.keys !== undefined && <Keys keys={props.keys} />}
    </button>
  );
}
