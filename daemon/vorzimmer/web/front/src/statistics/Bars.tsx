/** Calls by key as stacked bars, and the service level of each below them. The table beside says the same. */
import type { By, Row } from "./types";
import { number, percent, t, weekday } from "./words";

const WIDTH = 960;
const LEFT = 48;
const TALL = 170;
const LEVELS = 44;
const GAP = 16;
const FOOT = 22;
const MOST_LETTERS = 110;

const LAYERS = [
  ["answered", "taken"],
  ["overflowed", "other"],
  ["abandoned", "lost"],
] as const;

export function Bars({ rows, by }: { rows: readonly Row[]; by: By }) {
  const most = round(Math.max(1, ...rows.map((row) => row.offered)));
  const step = (WIDTH - LEFT) / Math.max(1, rows.length);
  const wide = Math.min(step * 0.76, 72);
  const y = (count: number) => TALL - (count / most) * (TALL - 8);
  const names = rows.map((row) => nameOf(row, by));
  const every = Math.max(1, Math.ceil(names.join("  ").length / MOST_LETTERS));
  const base = TALL + GAP + LEVELS;
  return (
    <figure class="plot">
      <svg viewBox={`0 0 ${WIDTH} ${base + FOOT}`} role="img" aria-label={`${t("calls")}, ${t("level")}`}>
        {[0, most / 2, most].filter(Number.isInteger).map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} class="rule" />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {number(value)}
            </text>
          </g>
        ))}
        <line x1={LEFT} x2={WIDTH} y1={base} y2={base} class="rule" />
        <text x={LEFT - 6} y={base - LEVELS + 10} text-anchor="end">
          100 %
        </text>
        {rows.map((row, n) => {
          const x = LEFT + (n + 0.5) * step - wide / 2;
          const tall = ((row.level ?? 0) / 100) * LEVELS;
          return (
            <g key={row.key ?? ""}>
              <title>{`${names[n]}: ${number(row.offered)}, ${percent(row.level)}`}</title>
              {stacked(row).map(([look, from, to]) => (
                <rect key={look} x={x} width={wide} y={y(to)} height={y(from) - y(to)} class={look} />
              ))}
              <rect x={x} width={wide} y={base - tall} height={tall} class="taken" />
              {n % every === 0 && (
                <text x={x + wide / 2} y={base + FOOT - 6} text-anchor="middle">
                  {names[n]}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <ul class="legend row" aria-hidden="true">
        {LAYERS.map(([name, look]) => (
          <li key={name} class="row">
            <svg width="14" height="14">
              <rect width="14" height="14" class={look} />
            </svg>
            {t(name)}
          </li>
        ))}
        <li>{`↓ ${t("level")}`}</li>
      </ul>
    </figure>
  );
}

/** The key as people read it. */
export function nameOf(row: Row, by: By): string {
  if (row.key === null) return t(by === "client" ? "no.client" : by === "team" ? "no.team" : "nobody");
  if (by === "weekday") return weekday(row.key);
  if (by === "day") return `${row.key.slice(8)}.${row.key.slice(5, 7)}.`;
  return row.name ?? row.key;
}

function stacked(row: Row): [string, number, number][] {
  const counts = { answered: row.answered, overflowed: row.overflowed, abandoned: row.abandoned + row.at_once };
  let below = 0;
  return LAYERS.map(([name, look]) => [look, below, (below += counts[name])]);
}

/** The least of 2, 4, 6, 8, 10, 20, 40 … that holds it. */
export function round(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [2, 4, 6, 8, 10]) if (step * power >= value) return step * power;
  }
}
