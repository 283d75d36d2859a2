/** What the server says of voice menus. */
import type { Versioned } from "../draft";

/** Where a caller goes. What a kind takes besides stays as the server said it. */
export interface Target {
  to: string;
  [more: string]: unknown;
}

export interface Menu {
  id: string;
  title: string;
  prompt: string;
  wrong: string | null;
  timeout: number;
  repeats: number;
  keys: Readonly<Record<string, readonly Target[]>>;
  otherwise: readonly Target[];
}

/** `menu` and `key` (or "otherwise") say where, if it is in one. */
export interface Fault {
  text: string;
  menu: string | null;
  key: string | null;
}

export interface PictureNode {
  id: string;
  kind: string;
  label: string;
  problem: string | boolean | null;
}

export interface PictureEdge {
  from: string;
  to: string;
  key: string;
}

export interface MenuPicture {
  nodes: readonly PictureNode[];
  edges: readonly PictureEdge[];
}

export interface MenuCheck {
  problems: readonly Fault[];
  picture: MenuPicture;
}

/** The menus that callers hear first; null: none. */
export interface FirstMenus {
  open: string | null;
  closed: string | null;
}

export interface Menus extends Versioned, MenuCheck {
  menus: readonly Menu[];
  first: FirstMenus;
}
