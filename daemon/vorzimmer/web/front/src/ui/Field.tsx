/** A label, what it labels, a hint and what is wrong with it, tied together for screen readers. */
import { cloneElement, type VNode } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  children: VNode<Record<string, unknown>>;
  hint?: string | undefined;
  wrong?: string | undefined;
  class?: string;
}

export function Field({ label, children, hint, wrong, class: look = "" }: FieldProps) {
  const id = useId();
  const told = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div class={`field ${look} ${wrong ? "is-wrong" : ""}`}>
      <label for={id}>{label}</label>
      {cloneElement(children, {
        id,
        "aria-describedby": told || undefined,
        "aria-invalid": wrong ? true : undefined,
      })}
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {wrong && (
        <small id={`${id}-wrong`} class="wrong">
          {wrong}
        </small>
      )}
    </div>
  );
}
