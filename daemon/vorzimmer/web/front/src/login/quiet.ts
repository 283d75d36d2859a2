/** When the keyboard was last used: what somebody is typing must not end up in a password field that comes up meanwhile. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const QUIET_MS = 1500;

let last = -QUIET_MS;
addEventListener("keydown", () => (last = performance.now()), { capture: true });

/** Becomes true once nobody has typed for a moment. */
export function useQuiet(): Signal<boolean> {
  const quiet = useSignal(performance.now() - last >= QUIET_MS);
  useEffect(() => {
    if (quiet.value) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      const left = last + QUIET_MS - performance.now();
      if (left > 0) timer = setTimeout(look, left);
      else quiet.value = true;
    };
    look();
    return () => clearTimeout(timer);
  }, []);
  return quiet;
}
