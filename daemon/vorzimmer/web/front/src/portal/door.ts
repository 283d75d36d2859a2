/** How the page comes to the portal: by whose it is, and for what a mail leads to by what stands behind `#` in it. */
import type { Me } from "../session";

const LINK = /^#(order|invite|reset)=([\w.~-]+)$/;

export interface MailedLink {
  readonly kind: "order" | "invite" | "reset";
  readonly token: string;
}

/** What a mail has led to; needs no login. The token stays in the address: a reload must not lose it. */
export function mailedLink(): MailedLink | null {
  const found = LINK.exec(location.hash);
  return found === null ? null : { kind: found[1] as MailedLink["kind"], token: found[2] ?? "" };
}

export function isClients(who: Me): boolean {
  return who.role === "client";
}

export function isAdmins(who: Me): boolean {
  return who.role === "admin" && location.pathname === "/admin";
}
