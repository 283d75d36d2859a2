/** What the server says of announcements. */

export type VersionState = "waiting" | "refused" | "draft" | "approved" | "withdrawn" | "ordered";

export interface Version {
  id: number;
  name: string;
  production: "upload" | "phone" | "browser" | "professional" | "import";
  state: VersionState;
  file_name: string;
  seconds: number | null;
  loudness: number | null;
  peaks: readonly number[];
  /** What is wrong with it although it can be used. */
  warning: string | null;
  effective_from: string | null;
  text: string;
  voice: string;
  refused_because: string | null;
  test_code: string;
  created_by: string;
  created_at: string;
  approved_by: string | null;
  approved_at: string | null;
}

export interface Announcement {
  name: string;
  /** What an agent keys in, behind the client's own code, to speak it on the telephone. */
  phone_code: number | null;
  /** States of the office, and menus as `menu:ID`. */
  used_in: readonly string[];
  /** What is heard where there is no version: the file that came with the client's data. */
  file: string | null;
  versions: readonly Version[];
}

export interface Announcements {
  announcements: readonly Announcement[];
}
