/** A window on top of the page: the browser keeps the focus in it, and Escape closes it. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/words";

interface DialogProps {
  title: string;
  children: ComponentChildren;
  /** Without it the dialog stays until what it asks is done. */
  onClose?: (() => void) | undefined;
  class?: string;
}

export function Dialog({ title, children, onClose, class: look = "" }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={`dialog ${look}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
      {/* Last, so that the focus begins where there is something to do. */}
      {onClose !== undefined && (
        <button type="button" class="close" aria-label={t("close")} onClick={onClose}>
          ×
        </button>
      )}
    </dialog>
  );
}
