/**
 * What the page asks the server. Every failure is an `ApiError` with the server's code; an answer 401 to somebody who
 * was signed in brings up the login on top of the page (`signedOut`), and patient requests wait for it and go on.
 */
import { signal } from "@preact/signals";

const PATIENCE_MS = 15_000;
const UPLOAD_PATIENCE_MS = 600_000;
const UNTOLD = "application/octet-stream";
const PAUSES_MS = [300, 1000];

/** Nobody is signed in any more, though the page is open: the login lies on top. */
export const signedOut = signal(false);

/** The server's answer other than 2xx; `status` 0: no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
    readonly more: Record<string, unknown> = {},
  ) {
    super(text);
  }

  /** What is wrong with each field, by its name. */
  get fields(): Record<string, string> {
    return (this.more["fields"] ?? {}) as Record<string, string>;
  }

  /** Whether the same request may do later: nobody answered, or a part of the house is away. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whether the same request would be refused again: it is wrong, or what it is about is not there, or not any more. */
  get lasting(): boolean {
    return [404, 409, 410, 422].includes(this.status);
  }
}

export interface Wishes {
  /** Wait for a new login and ask again, instead of failing with 401. Only for what is right at any later time. */
  patient?: boolean;
  /** Milliseconds that the answer may take, where it waits for a person. */
  within?: number;
  /** Goes on though the page is being left. */
  keepalive?: boolean;
  signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

let csrf = "";
let known = false;
let renew: () => Promise<void> = () => Promise.resolve();

/** From the answer of a login or of `/me`: unsafe requests carry it from now on. */
export function useToken(token: string): void {
  csrf = token;
  known = token !== "";
}

/** How the token is fetched anew when another window of this browser has signed in meanwhile. */
export function onStaleToken(fetchAgain: () => Promise<void>): void {
  renew = fetchAgain;
}

export function get<T>(path: string, wishes: Wishes = {}): Promise<T> {
  return again(() => ask<T>("GET", path, undefined, { patient: true, ...wishes }));
}

export function post<T>(path: string, body: unknown = {}, wishes: Wishes = {}): Promise<T> {
  return ask<T>("POST", path, body, wishes);
}

/** Send a file as it is. */
export function upload<T>(path: string, file: Blob, wishes: Wishes = {}): Promise<T> {
  return ask<T>("POST", path, file, { within: UPLOAD_PATIENCE_MS, ...wishes });
}

export function put<T>(path: string, body: unknown, wishes: Wishes = {}): Promise<T> {
  return ask<T>("PUT", path, body, wishes);
}

export function patch<T>(path: string, body: unknown, wishes: Wishes = {}): Promise<T> {
  return ask<T>("PATCH", path, body, wishes);
}

export function remove<T>(path: string, wishes: Wishes = {}): Promise<T> {
  return ask<T>("DELETE", path, undefined, wishes);
}

/** Reading may be repeated: twice, after a moment, where nobody answered. */
async function again<T>(once: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return once();
}

async function ask<T>(method: Method, path: string, body: unknown, wishes: Wishes, renewed = false): Promise<T> {
  const response = await send(method, path, body, wishes);
  if (response.ok) return (response.status === 204 ? null : await read(response)) as T;
  const error = await failure(response);
  if (error.status === 403 && error.code === "csrf" && !renewed) {
    await renew();
    return ask<T>(method, path, body, wishes, true);
  }
  if (error.status === 401 && known) {
    signedOut.value = true;
    if (wishes.patient === true) {
      await signedInAgain();
      return ask<T>(method, path, body, wishes);
    }
  }
  throw error;
}

async function send(method: Method, path: string, body: unknown, wishes: Wishes): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  const file = body instanceof Blob ? body : null;
  if (body !== undefined) headers["Content-Type"] = file === null ? "application/json" : file.type || UNTOLD;
  const limit = AbortSignal.timeout(wishes.within ?? PATIENCE_MS);
  try {
    return await fetch(`/api${path}`, {
      method,
      headers,
      body: body === undefined ? null : (file ?? JSON.stringify(body)),
      credentials: "same-origin",
      cache: "no-store",
      keepalive: wishes.keepalive ?? false,
      signal: wishes.signal === undefined ? limit : AbortSignal.any([limit, wishes.signal]),
    });
  } catch (error) {
    throw new ApiError(0, "unreachable", String(error));
  }
}

async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ApiError(0, "unreachable", String(error));
  }
}

async function failure(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; text: string } & Record<string, unknown> };
    return new ApiError(response.status, error.code, error.text, error);
  } catch {
    // A proxy in between answers in its own words.
    return new ApiError(response.status, "http", response.statusText);
  }
}

function signedInAgain(): Promise<void> {
  return new Promise((resolve) => {
    const stop = signedOut.subscribe((out) => {
      if (out) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
