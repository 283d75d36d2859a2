/** How good the way of a talk's sound is, by the browser's own counters. */
import type { Network } from "./types";

/** From these on people begin to say "pardon?" (ITU-T G.114 for the delay; loss and jitter as telephone makers warn). */
const POOR = { loss: 0.03, jitter: 0.03, roundTrip: 0.4 };

export interface Counters {
  received: number;
  lost: number;
  /** Seconds. */
  jitter: number;
  /** What the other side says of our sound: a share of packets lost, and seconds there and back. */
  lostThere: number;
  roundTrip: number;
}

export async function count(connection: RTCPeerConnection): Promise<Counters> {
  const counters: Counters = { received: 0, lost: 0, jitter: 0, lostThere: 0, roundTrip: 0 };
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp") {
      counters.received += report.packetsReceived ?? 0;
      counters.lost += report.packetsLost ?? 0;
      counters.jitter = Math.max(counters.jitter, report.jitter ?? 0);
    } else if (report.type === "remote-inbound-rtp") {
      counters.lostThere = Math.max(counters.lostThere, report.fractionLost ?? 0);
      counters.roundTrip = Math.max(counters.roundTrip, report.roundTripTime ?? 0);
    }
  }
  return counters;
}

/** The time between two counts. Silence alone is not bad: on hold nothing may come. */
export function grade(before: Counters, now: Counters): Network {
  const lost = Math.max(0, now.lost - before.lost);
  const expected = lost + now.received - before.received;
  const loss = expected > 0 ? lost / expected : 0;
  const poor =
    loss > POOR.loss ||
    now.lostThere > POOR.loss ||
    now.jitter > POOR.jitter ||
    now.roundTrip > POOR.roundTrip;
  return poor ? "poor" : "good";
}
