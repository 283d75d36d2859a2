/** While an admin acts for somebody, that is said on every page, and ended from there. */
import { remove } from "../api";
import type { Me } from "../session";
import { Button } from "../ui/Button";
import { t } from "./words";

export function ActingBanner({ who }: { who: Me }) {
  if (who.acting_for === null) return null;
  const end = async () => {
    await remove("/impersonation");
    location.assign("/admin");
  };
  return (
    <div class="banner acting" role="status">
      <span>{t("acting", { name: who.name })}</span> <Button onClick={end}>{t("acting.end")}</Button>
    </div>
  );
}
