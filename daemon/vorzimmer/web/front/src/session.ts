/** Who is signed in on this page. */
import { signal } from "@preact/signals";
import { ApiError, get, onStaleToken, post, put, signedOut, useToken } from "./api";
import { speak, zone, type Language } from "./i18n/language";

export interface Me {
  user: string;
  name: string;
  role: "admin" | "supervisor" | "agent" | "client";
  agent: string | null;
  client: string | null;
  language: string;
  csrf: string;
  totp: boolean;
  must_enrol: boolean;
  /** The house's. */
  timezone: string;
  /** It is an admin who acts as this user. */
  acting_for: ActingFor | null;
}

export interface ActingFor {
  user: string;
  name: string;
  client: string | null;
  admin: string;
  admin_name: string;
}

/** undefined: not asked yet; null: nobody. While the login lies on top of the page, whoever was signed in. */
export const me = signal<Me | null | undefined>(undefined);

/** The other windows of this browser share the session: who has signed in again in one need not do so in all. */
const windows = new BroadcastChannel("vorzimmer.session");

/** What is done at signing out, so that nothing typed stays behind on a shared computer. */
export const onSignOut: (() => void)[] = [];

export async function start(): Promise<void> {
  const ask = async () => enter(await get<Me>("/me", { patient: false }));
  onStaleToken(ask);
  windows.onmessage = () => signedOut.peek() && void ask().then(goOn, () => undefined);
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    me.value = null;
  }
}

export async function signIn(user: string, password: string, code: string | null): Promise<void> {
  enter(await post<Me>("/login", code === null ? { user, password } : { user, password, code }));
  goOn();
  windows.postMessage("signed in");
}

function goOn(): void {
  signedOut.value = false;
}

export async function signOut(): Promise<void> {
  await post("/logout");
  for (const clear of onSignOut) clear();
  useToken("");
  location.reload();
}

export async function chooseLanguage(language: Language): Promise<void> {
  speak(language);
  if (me.peek()) await put("/me/language", { language });
}

/** What the server says of this person now. Of somebody else: the page begins anew, for what it holds is not theirs. */
export function enter(entering: Me): void {
  const before = me.peek();
  if (before && before.user !== entering.user) {
    location.reload();
    return;
  }
  useToken(entering.csrf);
  speak(entering.language);
  // Who signs in again is still where a client's times are shown.
  if (!before) zone.value = entering.timezone;
  me.value = entering;
}
