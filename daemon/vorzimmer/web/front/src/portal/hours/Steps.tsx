/** The steps of a call, one below the other; and what the settings ask for and cannot be done. */
import { said } from "../../i18n/sentences";
import type { PreviewTold } from "./types";
import { t } from "./words";

export function Steps({ told }: { told: PreviewTold }) {
  return (
    <>
      <ol class="steps">
        {told.steps.map((step, n) => (
          <li key={n} title={step.reason}>
            <span>{step.text}</span>
          </li>
        ))}
      </ol>
      {told.left_out.length > 0 && (
        <>
          <h3>{t("preview.left_out")}</h3>
          <ul>
            {told.left_out.map((sentence) => (
              <li key={sentence}>{said(sentence)}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
