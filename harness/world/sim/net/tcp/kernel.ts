import type { EventKind } from "../../../../history/event-log.ts";
import type { Scheduler } from "../../scheduler.ts";
import type { NetworkOptions } from "./network-options.ts";

/** What all sockets of one network share. */
export class Kernel {
  readonly scheduler: Scheduler;
  readonly options: NetworkOptions;
  readonly deliver: EventKind;
  readonly fin: EventKind;
  readonly rst: EventKind;
  readonly established: EventKind;
  readonly window: EventKind;
  readonly retransmit: EventKind;
  readonly keepAlive: EventKind;
  readonly syn: EventKind;
  readonly refused: EventKind;
  readonly unreachable: EventKind;
  readonly wake: EventKind;
  readonly close: EventKind;
  /** A toxic's timer is firing: no program runs until it is done. */
  inTimer = false;
  #socketCount = 0;

  constructor(scheduler: Scheduler, options: NetworkOptions) {
    this.scheduler = scheduler;
    this.options = options;
    const { log } = scheduler;
    this.deliver = log.kind("net.deliver", "socket", "content");
    this.fin = log.kind("net.fin", "socket");
    this.rst = log.kind("net.rst", "socket");
    this.established = log.kind("net.established", "socket");
    this.window = log.kind("net.window", "socket");
    this.retransmit = log.kind("net.retransmit", "socket");
    this.keepAlive = log.kind("net.keepAlive", "socket", "probe");
    this.syn = log.kind("net.syn", "socket");
    this.refused = log.kind("net.refused", "socket");
    this.unreachable = log.kind("net.unreachable", "socket");
    this.wake = log.kind("net.wake", "socket");
    this.close = log.kind("net.close", "socket", "unreadBytes");
  }

  nextSocketId(): number {
    return this.#socketCount++;
  }
}
