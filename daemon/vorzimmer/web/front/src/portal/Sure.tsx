/** A button for what cannot be undone: it asks once more, in its place. */
import { useSignal } from "@preact/signals";
import { Button } from "../ui/Button";
import { t } from "./words";

/** `of`: what it is done to, for who hears the button alone. */
export function Sure({ what, of, onSure }: { what: string; of: string; onSure: () => unknown }) {
  const asked = useSignal(false);
  if (!asked.value) {
    return (
      <Button label={`${what}: ${of}`} onClick={() => (asked.value = true)}>
        {what}
      </Button>
    );
  }
  const act = async () => {
    await onSure();
    asked.value = false;
  };
  return (
    <span class="row">
      <span class="small">{t("sure")}</span>
      <Button look="danger" label={`${what}: ${of}`} onClick={act}>
        {t("yes")}
      </Button>
      <Button onClick={() => (asked.value = false)}>{t("no")}</Button>
    </span>
  );
}
