/** All keys, on one sheet. */
import { Dialog } from "../ui/Dialog";
import { Keys } from "../ui/Keys";
import { KEYS } from "./shortcuts";
import { t } from "./words";

const SHEET = [
  [KEYS.next, "help.next"],
  [KEYS.hang_up, "help.hang_up"],
  [KEYS.hold, "help.hold"],
  ["Alt+1", "help.contact"],
  ["Alt+Shift+1", "help.contact.blind"],
  [KEYS.rota, "help.rota"],
  [KEYS.put_through, "help.put_through"],
  [KEYS.connect, "help.connect"],
  [KEYS.back, "help.back"],
  [KEYS.join, "help.join"],
  [KEYS.note, "help.note"],
  [KEYS.finish, "help.finish"],
  [KEYS.aside, "help.aside"],
  [KEYS.new_note, "help.new_note"],
  [KEYS.urgent, "help.urgent"],
  [KEYS.notice, "help.notice"],
  [KEYS.result, "help.result"],
  [KEYS.record, "help.record"],
  [KEYS.record_key, "help.record_key"],
  [KEYS.mute, "help.mute"],
  [KEYS.pause, "help.pause"],
  [KEYS.help, "help.help"],
] as const;

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("help.title")} onClose={onClose} class="broad">
      <dl class="sheet">
        {SHEET.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <Keys keys={keys} full />
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
