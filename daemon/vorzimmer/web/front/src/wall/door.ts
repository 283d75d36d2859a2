/** How the page comes to the wall: by its address, and for a screen of the room by a token behind `#room=`. */
import type { Me } from "../session";

const KEPT = "vorzimmer.room";

export function isFor(who: Me): boolean {
  const oversees = who.role === "supervisor" || who.role === "admin";
  return oversees && (location.pathname === "/wall" || who.agent === null);
}

/** The token that a screen was opened with, also after a reload; it does not stay in the address. */
export function tokenOfScreen(): string | null {
  if (location.pathname !== "/wall" || !location.hash.startsWith("#room")) return null;
  const given = /^#room=(\w[\w-]*)$/.exec(location.hash)?.[1];
  if (given === undefined) return sessionStorage.getItem(KEPT);
  sessionStorage.setItem(KEPT, given);
  history.replaceState(null, "", "#room");
  return given;
}
