/** The menu as a picture: stations and the keys that lead from one to the next. */
import type { MenuPicture, PictureNode } from "./types";
import { BOX, laidOut } from "./layout";
import { t } from "./words";

const LONGEST = 23;

export function Picture({ picture }: { picture: MenuPicture }) {
  const { width, height, boxes, lines } = laidOut(picture);
  if (boxes.length === 0) return null;
  return (
    <div class="scrolls" tabIndex={0} role="group" aria-label={t("picture")}>
      <svg
        class="menu-picture"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={t("picture.label", { n: boxes.length })}
      >
        <defs>
          <marker id="menu-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8Z" />
          </marker>
        </defs>
        {lines.map(({ path, back }) => (
          <path key={path} class={`way ${back ? "back" : ""}`} d={path} marker-end="url(#menu-arrow)" />
        ))}
        {boxes.map(({ node, x, y }) => (
          <g key={node.id} class={`station ${node.kind} ${faulty(node) ? "faulty" : ""}`}>
            <title>{node.label}</title>
            <rect x={x} y={y} width={BOX.width} height={BOX.height} rx={8} />
            <text x={x + BOX.width / 2} y={y + BOX.height / 2}>
              {shortened(node.label)}
            </text>
          </g>
        ))}
        {lines.map(
          ({ keys, path, x, y }) =>
            keys.length > 0 && (
              <g key={path} class="key">
                <rect x={x - widthOf(keys) / 2} y={y - 10} width={widthOf(keys)} height={20} rx={5} />
                <text x={x} y={y}>
                  {names(keys)}
                </text>
              </g>
            ),
        )}
      </svg>
    </div>
  );
}

function faulty(node: PictureNode): boolean {
  return node.problem !== null && node.problem !== false && node.problem !== "";
}

function names(keys: readonly string[]): string {
  return keys.map((key) => (key === "otherwise" ? "…" : key)).join(" ");
}

function widthOf(keys: readonly string[]): number {
  return 12 + 7 * names(keys).length;
}

function shortened(label: string): string {
  return label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
}
