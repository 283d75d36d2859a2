/** Dark or light: as the system says, unless somebody has chosen. */
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEPT = "vorzimmer.theme";

export const theme = signal<Theme>(kept());
show(theme.value);

function kept(): Theme {
  const found = localStorage.getItem(KEPT);
  return found === "light" || found === "dark" ? found : "system";
}

function show(chosen: Theme): void {
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(KEPT, chosen);
  show(chosen);
}
