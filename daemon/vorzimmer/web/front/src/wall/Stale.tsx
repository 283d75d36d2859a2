/** What of the wall is not of now, since when, and why. */
import { duration, secondsSince } from "../clock";
import { age, clockSeconds, stale } from "./feed";
import type { Wall } from "./types";
import { t } from "./words";

export function Stale({ wall }: { wall: Wall }) {
  return (
    <div role="alert" class="stale">
      {sentences(wall).map((text) => (
        <p key={text.slice(0, 20)}>
          <span aria-hidden="true">▲</span> {text}
        </p>
      ))}
    </div>
  );
}

function sentences(wall: Wall): string[] {
  const found: string[] = [];
  if (stale.value) found.push(t("stale.lost", { at: clockSeconds(wall.at), age: duration(age.value) }));
  if (wall.calls_away) {
    const at = wall.living_at;
    if (at === null) found.push(t("stale.calls.never"));
    else found.push(t("stale.calls", { at: clockSeconds(at), age: duration(secondsSince(at)) }));
  }
  if (wall.database_away) {
    const at = wall.service_level?.at;
    if (at === undefined) found.push(t("stale.database.never"));
    else found.push(t("stale.database", { at: clockSeconds(at), age: duration(secondsSince(at)) }));
  }
  return found;
}
