/** The portal's pictures: strokes on a field of 24, in the colour of the text beside them, which says the same. */
const STROKES = {
  today: "M4 11.5 12 5l8 6.5M6.5 10v9h11v-9M10 19v-5h4v5",
  calls: "M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4.5 6a2 2 0 0 1 2-2Z",
  hours: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4.5l3 2",
  announcements: "M4 10v4h3l5 4V6l-5 4H4Zm11-1a4 4 0 0 1 0 6m2.5-8.5a8 8 0 0 1 0 11",
  menus: "M12 4v4m0 0H6v4m6-4h6v4M4 12h4v4H4v-4Zm12 0h4v4h-4v-4Zm-6 0h4v4h-4v-4Zm2-4v4",
  contacts: "M9 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6Zm-5.5 14a5.5 5.5 0 0 1 11 0M16 5.5a3 3 0 0 1 0 5.5m1.5 3a5.5 5.5 0 0 1 3 5",
  notifications: "M4 6h16v12H4V6Zm0 .5 8 6.5 8-6.5",
  messages: "M4 12 20 4l-5 16-3.5-6.5L4 12Zm7.5 1.5L20 4",
  statements: "M6 3.5h8.5L18 7v13.5H6V3.5Zm8 0V7.5h4M9 12h6m-6 4h6",
  statistics: "M4 4v16h16M8 17v-5m4 5V8m4 9v-7",
  orders: "M6 4h12v16l-3-2-3 2-3-2-3 2V4Zm3 5h6m-6 4h6",
  users: "M12 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM5 20a7 7 0 0 1 14 0",
  trail: "M6 4v16m0-13h4m-4 5h8m-8 5h11",
  numbers: "M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16",
  settings: "M4 7h10m4 0h2M4 12h2m4 0h10M4 17h8m4 0h4M16 5v4M8 10v4m6 1v4",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  clients: "M4 20V6l8-3 8 3v14M9 20v-4h6v4M8.5 9h.01M12 9h.01M15.5 9h.01M8.5 12.5h.01M12 12.5h.01M15.5 12.5h.01",
  answered: "m5 13 4 4L19 7",
  forwarded: "M5 18v-4a4 4 0 0 1 4-4h10m-4-4 4 4-4 4",
  message: "M7 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Zm10 0a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM7 15.5h10",
  announced: "M4 10v4h3l5 4V6l-5 4H4Zm11.5-1a4 4 0 0 1 0 6",
  abandoned: "M4 15c4-5 12-5 16 0l-3 2-3-2v-2.5M4 15l3 2 3-2v-2.5M9 5l6 5m0-5-6 5",
  blocked: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM6.5 6.5l11 11",
  callback: "M9 7 5 11l4 4m-4-4h9a5 5 0 0 1 5 5v2",
  unreached: "m6 6 12 12M18 6 6 18",
  failed: "M12 5 3.5 19.5h17L12 5Zm0 5v4.5m0 2.5h.01",
} as const;

export type Picture = keyof typeof STROKES;

export function isPicture(name: string): name is Picture {
  return Object.hasOwn(STROKES, name);
}

export function Icon({ of, class: look = "" }: { of: Picture; class?: string }) {
  return (
    <svg class={`icon ${look}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={STROKES[of]} />
    </svg>
  );
}
