/** Calls over time as stacked bars, with the same as a table for who cannot see them. */
import { useId } from "preact/hooks";
import { clockTime } from "../i18n/language";
import type { Counts, Minute } from "./types";
import { t } from "./words";

export interface Bar extends Counts {
  begin: string;
}

const HEIGHT = 130;
const FOOT = 20;
const LEFT = 34;
const BINS = 12;
const BIN_MINUTES = 5;

/** The last hour by stretches of five minutes, cut by the clock, so that a bar stays what it is. */
export function byFiveMinutes(minutes: readonly Minute[]): Bar[] {
  const bins: Bar[] = [];
  for (const { minute, offered, answered, abandoned } of minutes) {
    const first = Number(minute.slice(14, 16)) % BIN_MINUTES === 0;
    if (first || bins.length === 0) bins.push({ begin: minute, offered: 0, answered: 0, abandoned: 0 });
    const bin = bins[bins.length - 1];
    if (bin === undefined) continue;
    bin.offered += offered;
    bin.answered += answered;
    bin.abandoned += abandoned;
  }
  return bins.slice(-BINS);
}

export function elsewhere(counts: Counts): number {
  return Math.max(0, counts.offered - counts.answered - counts.abandoned);
}

interface PlotProps {
  bars: readonly Bar[];
  /** Which bars have their time below: each n-th. */
  every: number;
  /** In pixels of a wide screen; scaled down where there is less room. */
  width: number;
  table?: boolean;
}

export function Plot({ bars, every, width, table }: PlotProps) {
  const pattern = useId().replace(/\W/g, "");
  const most = top(Math.max(1, ...bars.map((bar) => bar.offered)));
  const step = (width - LEFT) / Math.max(1, bars.length);
  const y = (value: number) => HEIGHT - (value / most) * (HEIGHT - 8);
  const sum = (of: (bar: Bar) => number) => bars.reduce((all, bar) => all + of(bar), 0);
  const summary = t("plot.summary", {
    offered: sum((bar) => bar.offered),
    answered: sum((bar) => bar.answered),
    abandoned: sum((bar) => bar.abandoned),
    elsewhere: sum(elsewhere),
  });
  return (
    <figure class="plot">
      <svg viewBox={`0 0 ${width} ${HEIGHT + FOOT}`} role="img" aria-label={summary}>
        <defs>
          <pattern id={pattern} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" class="lost" />
            <rect width="2.5" height="6" class="stripe" />
          </pattern>
        </defs>
        {[0, most / 2, most].filter(Number.isInteger).map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} class="rule" />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {value}
            </text>
          </g>
        ))}
        {bars.map((bar, n) => {
          const x = LEFT + n * step + step * 0.12;
          const layers = [bar.answered, elsewhere(bar), bar.abandoned];
          let below = 0;
          return (
            <g key={bar.begin}>
              {layers.map((value, layer) => {
                const from = below;
                below += value;
                const fill = layer === 2 ? { fill: `url(#${pattern})` } : {};
                if (value === 0) return null;
                return (
                  <rect
                    key={layer}
                    x={x}
                    width={step * 0.76}
                    y={y(below)}
                    height={y(from) - y(below)}
                    class={["taken", "other", "lost"][layer]}
                    {...fill}
                  />
                );
              })}
              {n % every === 0 && (
                <text x={LEFT + n * step} y={HEIGHT + FOOT - 4}>
                  {clockTime(bar.begin)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <Legend pattern={pattern} />
      {table === true && <AsTable bars={bars} />}
    </figure>
  );
}

function Legend({ pattern }: { pattern: string }) {
  const names = ["answered", "elsewhere", "abandoned"] as const;
  return (
    <ul class="legend row" aria-hidden="true">
      {names.map((name, layer) => (
        <li key={name} class="row">
          <svg width="14" height="14">
            <rect
              width="14"
              height="14"
              class={["taken", "other", "lost"][layer]}
              {...(layer === 2 ? { fill: `url(#${pattern})` } : {})}
            />
          </svg>
          {t(name)}
        </li>
      ))}
    </ul>
  );
}

function AsTable({ bars }: { bars: readonly Bar[] }) {
  return (
    <details>
      <summary>{t("plot.table")}</summary>
      <table class="figures">
        <thead>
          <tr>
            {(["begin", "offered", "answered", "abandoned", "elsewhere"] as const).map((name) => (
              <th key={name} scope="col">
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.begin}>
              <th scope="row">{clockTime(bar.begin)}</th>
              <td>{bar.offered}</td>
              <td>{bar.answered}</td>
              <td>{bar.abandoned}</td>
              <td>{elsewhere(bar)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** The least of 2, 4, 10, 20, 40, 100 … that holds it: its half is whole, too. */
function top(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [2, 4, 10]) if (step * power >= value) return step * power;
  }
}
