/** How many calls began in each hour of the day, as bars. */
import { t } from "./words";

const WIDTH = 24;
const HEIGHT = 100;
const ROOM = 14;

export function Chart({ counts }: { counts: readonly number[] }) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return <p class="soft">{t("chart.none")}</p>;
  const most = Math.max(...counts);
  const busiest = counts.indexOf(most);
  const says = t("chart.says", { n: all, from: busiest, until: busiest + 1, most });
  return (
    <figure class="hours-chart">
      <svg viewBox={`0 0 ${WIDTH * counts.length} ${HEIGHT + 2 * ROOM}`} role="img" aria-label={says}>
        {counts.map((count, hour) => (
          <Bar key={hour} hour={hour} count={count} most={most} />
        ))}
      </svg>
      <figcaption class="soft">{says}</figcaption>
    </figure>
  );
}

function Bar({ hour, count, most }: { hour: number; count: number; most: number }) {
  const tall = (HEIGHT * count) / most;
  const middle = (hour + 0.5) * WIDTH;
  return (
    <g class={count === most ? "most" : ""}>
      <title>{t("chart.hour", { from: hour, until: hour + 1, n: count })}</title>
      <rect x={hour * WIDTH + 4} y={ROOM + HEIGHT - tall} width={WIDTH - 8} height={tall} rx="2" />
      {count > 0 && (
        <text x={middle} y={ROOM + HEIGHT - tall - 4}>
          {count}
        </text>
      )}
      <text class="hour" x={middle} y={HEIGHT + 2 * ROOM - 1}>
        {hour}
      </text>
    </g>
  );
}
