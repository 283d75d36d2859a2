/**
 * Where the stations of a menu are drawn: in columns from the left to the right by how many keys lead there, each
 * column in the order of what leads to it, so that few lines cross.
 */
import type { MenuPicture, PictureEdge, PictureNode } from "./types";

export const BOX = { width: 164, height: 44 } as const;
const GAP = { x: 56, y: 18 } as const;
const EDGE = 12;

export interface Placed {
  readonly node: PictureNode;
  readonly x: number;
  readonly y: number;
}

export interface Line {
  /** All keys that lead this way. */
  readonly keys: readonly string[];
  readonly path: string;
  /** Where its key is written. */
  readonly x: number;
  readonly y: number;
  /** Whether it leads back to where a caller has been. */
  readonly back: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Placed[];
  readonly lines: readonly Line[];
}

export function laidOut({ nodes, edges }: MenuPicture): Layout {
  const depth = depths(nodes, edges);
  const columns: PictureNode[][] = [];
  for (const node of nodes) (columns[depth.get(node.id) ?? 0] ??= []).push(node);
  const rows = new Map<string, number>();
  for (const column of columns) {
    const wish = new Map(column.map((node, n) => [node.id, wishOf(node, edges, rows) ?? n]));
    column.sort((one, other) => (wish.get(one.id) ?? 0) - (wish.get(other.id) ?? 0));
    column.forEach((node, n) => rows.set(node.id, n));
  }
  const boxes = nodes.map((node) => ({
    node,
    x: EDGE + (depth.get(node.id) ?? 0) * (BOX.width + GAP.x),
    y: EDGE + (rows.get(node.id) ?? 0) * (BOX.height + GAP.y),
  }));
  const places = new Map(boxes.map((box) => [box.node.id, box]));
  const lines = [...together(edges)].flatMap(([{ from, to }, keys]) => {
    const [begin, end] = [places.get(from), places.get(to)];
    return begin === undefined || end === undefined ? [] : [drawn(keys, begin, end)];
  });
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  return {
    width: 2 * EDGE + columns.length * (BOX.width + GAP.x) - GAP.x + (columns.length === 0 ? GAP.x : 0),
    height: 2 * EDGE + tallest * (BOX.height + GAP.y) + GAP.y,
    boxes,
    lines,
  };
}

/** How many keys lead there at least; what nothing leads to begins at the left. */
function depths(nodes: readonly PictureNode[], edges: readonly PictureEdge[]): Map<string, number> {
  const led = new Set(edges.filter((edge) => edge.from !== edge.to).map((edge) => edge.to));
  const depth = new Map<string, number>();
  let next = nodes.filter((node) => !led.has(node.id)).map((node) => node.id);
  const rest = nodes.map((node) => node.id);
  while (depth.size < nodes.length) {
    if (next.length === 0) next = rest.filter((id) => !depth.has(id)).slice(0, 1);
    for (let level = 0; next.length > 0; level++) {
      for (const id of next) depth.set(id, level);
      const here = new Set(next);
      next = [...new Set(edges.filter((edge) => here.has(edge.from)).map((edge) => edge.to))].filter((id) => !depth.has(id));
    }
  }
  return depth;
}

/** The middle of what leads there from the columns before; nothing: no wish. */
function wishOf(node: PictureNode, edges: readonly PictureEdge[], rows: ReadonlyMap<string, number>): number | null {
  const before = edges.filter((edge) => edge.to === node.id).flatMap((edge) => rows.get(edge.from) ?? []);
  return before.length === 0 ? null : before.reduce((sum, row) => sum + row, 0) / before.length;
}

/** One line for all keys that lead from one station to the same other one. */
function together(edges: readonly PictureEdge[]): Map<PictureEdge, string[]> {
  const found = new Map<PictureEdge, string[]>();
  for (const edge of edges) {
    const same = [...found.keys()].find((one) => one.from === edge.from && one.to === edge.to) ?? edge;
    found.set(same, [...(found.get(same) ?? []), ...(edge.key === "" ? [] : [edge.key])]);
  }
  return found;
}

function drawn(keys: readonly string[], from: Placed, to: Placed): Line {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  if (to.x > from.x) {
    const bend = (x2 - x1) / 2;
    const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    // Nearer to its end: there the lines of one station have parted.
    return { keys, path, x: x1 + (x2 - x1) * 0.7, y: y1 + (y2 - y1) * 0.8, back: false };
  }
  // Back: in a bow below both.
  const [fx, fy] = [from.x + BOX.width * 0.35, from.y + BOX.height];
  const [tx, ty] = [to.x + BOX.width * 0.65, to.y + BOX.height];
  const low = Math.max(fy, ty) + GAP.y * 1.6;
  const path = `M${fx} ${fy}C${fx} ${low} ${tx} ${low} ${tx} ${ty}`;
  // Its key stands at three quarters of the bow, where nothing else is written.
  return { keys, path, x: 0.156 * fx + 0.844 * tx, y: 0.016 * fy + 0.562 * low + 0.422 * ty, back: true };
}
