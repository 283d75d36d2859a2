/** A page that is nothing but a telephone: what the tests steer is exactly what the console uses. */
import { createPhone, type Credentials, type Phone } from "../../daemon/vorzimmer/web/front/src/phone/phone";
import { grade } from "../../daemon/vorzimmer/web/front/src/phone/quality";

declare global {
  interface Window {
    phone: Phone;
    /** Packets of sound that all connections of this page received, and how loud the last ones were, 0 to 1. */
    packets(): Promise<{ received: number; loudness: number }>;
    begin(credentials: Credentials): void;
    grade: typeof grade;
  }
}

const connections: RTCPeerConnection[] = [];
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

window.packets = async () => {
  const sum = { received: 0, loudness: 0 };
  for (const connection of connections) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      sum.received += report.packetsReceived;
      sum.loudness = Math.max(sum.loudness, report.audioLevel ?? 0);
    }
  }
  return sum;
};

window.grade = grade;
window.begin = (credentials) => {
  window.phone = createPhone(credentials);
  void window.phone.start();
};
