/** Hours in one line, for a contact or a duty: always, on workdays or daily from one time to another. */
import { Field } from "../../ui/Field";
import type { WrittenWeek } from "../hours/types";
import { t } from "./words";

const PRESETS = { workdays: "mon-fri", daily: "daily" } as const;
const FIRST = "08:00-18:00";

type Choice = "always" | keyof typeof PRESETS | "other";

interface HoursChoiceProps {
  label: string;
  whose: string;
  hours: WrittenWeek | null;
  onChange: (hours: WrittenWeek | null) => void;
}

export function HoursChoice({ label, whose, hours, onChange }: HoursChoiceProps) {
  const { choice, from, to } = read(hours);
  const choose = (wanted: Choice) => {
    if (wanted === "always") onChange(null);
    else if (wanted !== "other") onChange({ [PRESETS[wanted]]: [from === "" ? FIRST : `${from}-${to}`] });
  };
  const times = (first: string, last: string) => {
    if (choice === "workdays" || choice === "daily") onChange({ [PRESETS[choice]]: [`${first}-${last}`] });
  };
  return (
    <div class="row end">
      <Field label={label} class="grow">
        <select
          value={choice}
          onChange={(event) => choose(event.currentTarget.value as Choice)}
        >
          {(["always", "workdays", "daily"] as const).map((one) => (
            <option key={one} value={one}>
              {t(one)}
            </option>
          ))}
          {choice === "other" && <option value="other">{t("other")}</option>}
        </select>
      </Field>
      {(choice === "workdays" || choice === "daily") && (
        <span class="interval">
          <input
            type="time"
            aria-label={`${t("contact.hours")}, ${t("from")}: ${whose}`}
            value={from}
            onInput={(event) => times(event.currentTarget.value, to)}
          />
          <span aria-hidden="true">–</span>
          <input
            type="time"
            aria-label={`${t("contact.hours")}, ${t("to")}: ${whose}`}
            value={to}
            onInput={(event) => times(from, event.currentTarget.value)}
          />
        </span>
      )}
    </div>
  );
}

/** Hours that do not fit into one line stay as they are until others are chosen. */
function read(hours: WrittenWeek | null): { choice: Choice; from: string; to: string } {
  if (hours === null || hours === "always") return { choice: "always", from: "", to: "" };
  const days = Object.entries(hours);
  const [name, intervals] = days[0] ?? ["", []];
  const found = (Object.keys(PRESETS) as (keyof typeof PRESETS)[]).find((one) => PRESETS[one] === name);
  if (found === undefined || days.length !== 1 || intervals.length !== 1) return { choice: "other", from: "", to: "" };
  const [from = "", to = ""] = (intervals[0] ?? "").split("-");
  return { choice: found, from, to: to === "24:00" ? "00:00" : to };
}
