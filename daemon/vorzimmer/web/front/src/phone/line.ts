/** SIP: registered at the house, and one call at a time. What of it JsSIP does by itself is not repeated here. */
import { UA, WebSocketInterface } from "jssip";
import type { EndEvent, RTCSession } from "jssip/lib/RTCSession";
import type { Credentials } from "./types";

const RELAY_PATIENCE = 500; // milliseconds that a TURN server may take to offer an address
const RECONNECT = { soonest: 1, latest: 10 }; // seconds between two attempts to reach the server again
const AGAIN = 10_000; // milliseconds until the next try where the house has refused: perhaps it was just being set up
const LONGEST_RING = 300; // seconds; the house gives up long before
const BUSY = 486;
const DECLINED = 603;

/** What happens on the line. */
export interface Listener {
  connecting(): void;
  registered(): void;
  /** The server cannot be reached; JsSIP goes on trying. */
  disconnected(): void;
  refused(why: string): void;
  rings(from: string): void;
  answered(): void;
  voice(stream: MediaStream): void;
  ended(): void;
  /** Whether a call that comes in a talk is that same talk, handed over on another way. */
  replaces(): boolean;
}

export class Line {
  private readonly socket: WebSocketInterface;
  private readonly agent: UA;
  private session: RTCSession | null = null;
  private cut = false;
  private again = 0;

  constructor(
    private readonly credentials: Credentials,
    private readonly listener: Listener,
  ) {
    this.socket = new WebSocketInterface(credentials.sip_url);
    this.agent = new UA({
      sockets: [this.socket],
      uri: credentials.uri,
      authorization_user: credentials.endpoint,
      ha1: credentials.ha1,
      realm: credentials.realm,
      display_name: credentials.display_name,
      // A refresh that comes while the connection is cut would end the talk; silence ends it where nobody is left.
      session_timers: false,
      no_answer_timeout: LONGEST_RING,
      connection_recovery_min_interval: RECONNECT.soonest,
      connection_recovery_max_interval: RECONNECT.latest,
    });
    this.agent.on("connecting", () => listener.connecting());
    this.agent.on("registered", () => this.registered());
    this.agent.on("disconnected", () => this.disconnected());
    this.agent.on("registrationFailed", ({ cause }) => this.refused(String(cause)));
    this.agent.on("newRTCSession", ({ session }: { session: RTCSession }) => this.arrived(session));
  }

  /** The talk's connection, for its counters and its sender. */
  get connection(): RTCPeerConnection | null {
    return this.session?.connection ?? null;
  }

  start(): void {
    this.agent.start();
  }

  /** Hang up and unregister. */
  stop(): void {
    window.clearTimeout(this.again);
    this.agent.stop();
  }

  /** End without a word to the server: what is registered now, and the talk, belong to another page. */
  leave(): void {
    window.clearTimeout(this.again);
    this.socket.disconnect();
    this.agent.stop();
  }

  answer(microphone: MediaStream): void {
    const session = this.session;
    if (session === null || !session.isInProgress()) return;
    session.answer({ mediaStream: microphone, pcConfig: { iceServers: this.credentials.ice_servers } });
  }

  decline(): void {
    if (this.session?.isInProgress()) this.session.terminate({ status_code: DECLINED });
  }

  hangUp(): void {
    if (this.session !== null && !this.session.isEnded()) this.session.terminate();
  }

  sendKey(key: string): void {
    // JsSIP's own type says otherwise, but this is the value it compares with.
    if (this.session?.isEstablished()) this.session.sendDTMF(key, { transportType: "RFC2833" as never });
  }

  private registered(): void {
    this.listener.registered();
    if (!this.cut) return;
    this.cut = false;
    // The house knows this talk under the address of the old connection: say where we are now, or its BYE gets lost.
    if (this.session?.isEstablished()) this.session.renegotiate({ useUpdate: true });
  }

  private refused(why: string): void {
    this.listener.refused(why);
    window.clearTimeout(this.again);
    // Once the connection is back JsSIP registers by itself, but not after a refusal.
    this.again = window.setTimeout(() => this.agent.isConnected() && this.agent.register(), AGAIN);
  }

  private disconnected(): void {
    this.cut = true;
    this.listener.disconnected();
    // A talk goes on without its signalling. A call that rings does not: the house has ended it with the connection.
    if (this.session?.isInProgress()) this.session.terminate();
  }

  private arrived(session: RTCSession): void {
    if (session.direction !== "incoming") return;
    const before = this.session;
    if (before !== null && !this.listener.replaces()) {
      session.terminate({ status_code: BUSY });
      return;
    }
    this.session = session;
    const ended = (): void => {
      if (this.session !== session) return; // it has been replaced, and the house ends it
      this.session = before?.isEstablished() ? before : null;
      if (this.session === null) this.listener.ended();
      else this.listener.answered();
    };
    session.on("ended", ended);
    session.on("failed", (_: EndEvent) => ended());
    session.on("accepted", () => this.listener.answered());
    session.on("peerconnection", ({ peerconnection }) => {
      peerconnection.addEventListener("track", ({ track }) => this.listener.voice(new MediaStream([track])));
    });
    this.hastenAnswer(session);
    const { display_name, uri } = session.remote_identity;
    this.listener.rings(display_name || uri.user);
  }

  /** The first address will do, for the house finds out the others by itself; unless sound may need a relay. */
  private hastenAnswer(session: RTCSession): void {
    const relays = this.credentials.ice_servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
    let waiting = false;
    session.on("icecandidate", ({ candidate, ready }) => {
      if (!relays || candidate.type === "relay") ready();
      else if (!waiting) window.setTimeout(ready, RELAY_PATIENCE);
      waiting = true;
    });
  }
}
