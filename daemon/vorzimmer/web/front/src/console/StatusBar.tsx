/** The lowest line, always there so that a warning moves nothing: what is wrong now, or that all is well. */
import { stream, view } from "./desk";
import { warnings } from "./PhoneChip";
import { RunningTask } from "./Tasks";
import { t } from "./words";

export function StatusBar() {
  const lost = stream.value?.connection.value === "lost";
  const wrong = [
    lost ? t("bar.lost") : "",
    !lost && view.value?.calls_away === true ? t("bar.calls_away") : "",
    !lost && view.value?.database_away === true ? t("bar.database_away") : "",
    ...warnings(),
  ].filter(Boolean);
  return (
    <footer class={`status-bar ${wrong.length > 0 ? "wrong" : ""}`} aria-label={t("bar.label")}>
      <div role="status">
        {wrong.length > 0 ? wrong.map((one) => <p key={one}>{one}</p>) : <p class="soft">{t("bar.ok")}</p>}
      </div>
      <RunningTask />
    </footer>
  );
}
