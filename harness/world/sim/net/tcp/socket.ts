import { hashBytes } from "../../../../history/rolling-hash.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Host } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import type { WireDelay } from "./wire-delay.ts";

type Packet = Uint8Array | "established" | "fin" | "rst";

/** Bytes that one packet carries at most out of a send buffer. */
const SEGMENT_BYTES = 64 * 1024;

/** Go's defaults: idle time and interval, and the probes after the first that may go unanswered. */
const KEEP_ALIVE_NS = 15_000_000_000;
const KEEP_ALIVE_PROBES = 9;

/**
 * One end of a TCP connection inside a kernel: buffers, window, FIN and RST. It belongs to no
 * process; whoever owns it is told through `onReadable` and `onWritable` and looks for itself.
 */
export class Socket {
  readonly id: number;
  readonly host: Host;
  onEstablished: (() => void) | undefined;
  /** Bytes, the end, or a reset have arrived. */
  onReadable: (() => void) | undefined;
  /** Bytes that need not wait behind others; true if the owner took them, and is not told again. */
  onBytes: ((bytes: Uint8Array) => boolean) | undefined;
  /** There is room again after `send` took less than it was given, or a reset has arrived. */
  onWritable: (() => void) | undefined;
  /** SO_LINGER with 0 seconds: closing resets. */
  lingerZero = false;

  readonly #kernel: Kernel;
  readonly #delay: WireDelay;
  readonly #received = new ByteQueue();
  readonly #unsent = new ByteQueue();
  #peer: Socket | undefined;
  #inFlightPackets = 0;
  #inFlightBytes = 0;
  #finReceived = false;
  #finWanted = false;
  #finSent = false;
  #isReset = false;
  #rstSent = false;
  #closed = false;
  #vanished = false;
  #wantsRoom = false;
  #windowUpdatePending = false;

  constructor(kernel: Kernel, host: Host, delay: WireDelay) {
    this.id = kernel.nextSocketId();
    this.host = host;
    this.#kernel = kernel;
    this.#delay = delay;
    host.sockets.add(this);
  }

  /** Makes `client` and `server` the ends of one connection, and tells the client. */
  static establish(client: Socket, server: Socket): void {
    client.#peer = server;
    server.#peer = client;
    server.#transmit("established");
  }

  /** Bytes that were sent and that whoever reads at the other end has not taken. */
  get underwayBytes(): number {
    return this.#unsent.lengthBytes + this.#inFlightBytes + (this.#peer?.receivedBytes ?? 0);
  }

  get receivedBytes(): number {
    return this.#received.lengthBytes;
  }

  /** Nothing more will come: the peer's end or a reset, and all bytes before it are read. */
  get ended(): boolean {
    return this.#received.lengthBytes === 0 && (this.#finReceived || this.#isReset);
  }

  get isReset(): boolean {
    return this.#isReset;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** `send` would throw. */
  get sendEnded(): boolean {
    return this.#closed || this.#isReset || this.#finWanted;
  }

  /** Takes what the send buffer has room for and gives that number; the rest after `onWritable`. */
  send(bytes: Uint8Array): number {
    if (this.sendEnded) throw new Error(`send on socket ${this.id}, which has ended`);
    // Nearly always all of it goes at once.
    if (bytes.length > 0 && this.#unsent.lengthBytes === 0 && bytes.length <= this.#window()) {
      this.#transmit(bytes);
      return bytes.length;
    }
    let sent = 0;
    while (sent < bytes.length && this.#unsent.lengthBytes === 0 && !this.sendEnded) {
      const window = this.#window();
      if (window <= 0) break;
      const part = sent === 0 && bytes.length <= window ? bytes : bytes.subarray(sent, sent + window);
      sent += part.length;
      this.#transmit(part);
    }
    // A reset while sending: the rest is taken and lost, as a kernel does.
    if (this.sendEnded) return bytes.length;
    const room = this.#kernel.options.sendBufferBytes - this.#unsent.lengthBytes;
    const queued = Math.min(bytes.length - sent, room);
    if (queued > 0) {
      this.#unsent.push(bytes.subarray(sent, sent + queued));
      sent += queued;
    }
    if (sent < bytes.length) this.#wantsRoom = true;
    return sent;
  }

  /** The next received bytes, at most `maxBytes`; empty if there are none. */
  take(maxBytes: number): Uint8Array {
    const bytes = this.#received.take(maxBytes);
    this.#roomMade();
    return bytes;
  }

  #roomMade(): void {
    const peer = this.#peer;
    if (peer !== undefined && peer.#unsent.lengthBytes > 0) peer.#windowOpened(this.#delay);
  }

  /** Ends the sending direction after what is queued (`shutdown(SHUT_WR)`). */
  finish(): void {
    if (this.sendEnded) return;
    this.#finWanted = true;
    this.#flush();
  }

  /**
   * Ends both directions. With unread bytes, or {@link lingerZero}, the peer gets a reset and what
   * is queued is lost; else it gets what is queued, then the end.
   */
  close(): void {
    if (this.#closed || this.#vanished) return;
    this.#closed = true;
    this.onReadable = undefined;
    this.onBytes = undefined;
    this.onWritable = undefined;
    const unreadBytes = this.#received.clear();
    this.#kernel.scheduler.note(this.#kernel.close, this.host.kernel.actor, this.id, unreadBytes);
    if (this.#peer === undefined || this.#isReset) this.host.sockets.delete(this);
    else if (unreadBytes > 0 || this.lingerZero) this.#sendReset();
    else {
      this.#finWanted = true;
      this.#flush();
    }
  }

  /** The host lost power: no packet says so. */
  vanish(): void {
    this.#vanished = true;
    this.#unsent.clear();
    this.#received.clear();
    // Toxiproxy, as any Go program, probes idle connections; the engine's own programs do not.
    if (this.#peer?.host.adjacent === true) this.#peer.#keepAlive(1);
  }

  /** Probe number `probe` to a host that lost power: its kernel resets once it is back, or the last gives up. */
  #keepAlive(probe: number): void {
    const { scheduler, keepAlive } = this.#kernel;
    scheduler.schedule(KEEP_ALIVE_NS, this.host.kernel, keepAlive, this.id, probe, () => {
      if (this.#isReset || this.#rstSent) return;
      if (this.#peer?.host.powered === true || probe > KEEP_ALIVE_PROBES) this.#arrive("rst");
      else this.#keepAlive(probe + 1);
    });
  }

  /** What this socket sent to a host without power is sent again, now that it has power. */
  retransmit(): void {
    const { scheduler, options, retransmit } = this.#kernel;
    scheduler.schedule(options.retransmitNs, this.host.kernel, retransmit, this.id, 0, () => {
      const peer = this.#peer;
      if (peer === undefined || this.#isReset) return;
      if (peer.host.powered) this.#arrive("rst");
      else peer.host.lostSenders.add(this);
    });
  }

  #window(): number {
    const peer = this.#peer;
    if (peer === undefined) return 0;
    return this.#kernel.options.receiveBufferBytes - peer.#received.lengthBytes - this.#inFlightBytes;
  }

  #flush(): void {
    while (this.#unsent.lengthBytes > 0) {
      const window = this.#window();
      if (window <= 0) break;
      this.#transmit(this.#unsent.take(Math.min(window, SEGMENT_BYTES)));
    }
    if (this.#finWanted && !this.#finSent && !this.#rstSent && !this.#isReset && this.#unsent.lengthBytes === 0) {
      this.#finSent = true;
      this.#transmit("fin");
      this.#forgetIfOver();
    }
    if (this.#wantsRoom && this.#unsent.lengthBytes < this.#kernel.options.sendBufferBytes) {
      this.#wantsRoom = false;
      this.onWritable?.();
    }
  }

  /** The peer's reader made room; `backDelay` is the way on which this news travels. */
  #windowOpened(backDelay: WireDelay): void {
    if (this.host.adjacent) {
      this.#flush();
      return;
    }
    if (this.#windowUpdatePending) return;
    this.#windowUpdatePending = true;
    const { scheduler, window } = this.#kernel;
    scheduler.schedule(backDelay.latencyNsMin, this.host.kernel, window, this.id, 0, () => {
      this.#windowUpdatePending = false;
      if (!this.#vanished) this.#flush();
    });
  }

  #transmit(packet: Packet): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    if (peer.host.adjacent) {
      peer.#arrive(packet);
      return;
    }
    const kernel = this.#kernel;
    const { scheduler } = kernel;
    let kind = kernel.deliver;
    let content = 0;
    if (typeof packet === "string") kind = kernel[packet];
    else content = hashBytes(packet);
    // Without a delay it needs no event of its own, except behind others, or out of a program:
    // two programs that answer each other at once must leave the scheduler its turn.
    if (kernel.inTimer && this.#inFlightPackets === 0 && this.#delay.isZero) {
      scheduler.note(kind, peer.host.kernel.actor, peer.id, content);
      peer.#arrive(packet);
      return;
    }
    this.#inFlightPackets++;
    if (typeof packet !== "string") this.#inFlightBytes += packet.length;
    scheduler.schedule(this.#delay.next(scheduler.nowNs), peer.host.kernel, kind, peer.id, content, () =>
      this.#land(packet, peer),
    );
  }

  #land(packet: Packet, peer: Socket): void {
    this.#inFlightPackets--;
    // What the peer's host lost for want of power is never acknowledged.
    if (typeof packet !== "string" && (!peer.#vanished || peer.host.powered)) this.#inFlightBytes -= packet.length;
    peer.#arrive(packet);
  }

  #arrive(packet: Packet): void {
    if (this.#vanished) {
      if (packet === "rst") return;
      if (this.host.powered) this.#sendReset();
      else this.host.lostSenders.add(this.#peer as Socket);
      return;
    }
    if (packet === "rst") {
      this.#isReset = true;
      this.#unsent.clear();
      this.#forgetIfOver();
      this.onReadable?.();
      this.onWritable?.();
    } else if (packet === "fin") {
      this.#finReceived = true;
      this.#forgetIfOver();
      this.onReadable?.();
    } else if (this.#closed) {
      if (this.#rstSent || this.#isReset) return;
      this.#unsent.clear();
      this.#sendReset();
    } else if (packet === "established") {
      this.onEstablished?.();
    } else if (this.onBytes !== undefined && this.#received.lengthBytes === 0 && this.onBytes(packet)) {
      this.#roomMade();
    } else {
      this.#received.push(packet);
      this.onReadable?.();
    }
  }

  #sendReset(): void {
    this.#unsent.clear();
    this.#rstSent = true;
    this.#transmit("rst");
    this.#forgetIfOver();
  }

  #forgetIfOver(): void {
    if (this.#isReset || this.#rstSent || (this.#closed && this.#finSent && this.#finReceived))
      this.host.sockets.delete(this);
  }
}
