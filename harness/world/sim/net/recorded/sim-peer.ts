import type { Scheduler } from "../../scheduler.ts";
import type { ConnectResult } from "../tcp/sim-endpoint.ts";
import type { Socket } from "../tcp/socket.ts";
import type { Action, Side, SideRecord } from "./schedule.ts";
import { pattern } from "./schedule.ts";
import { SideRecorder } from "./side-recorder.ts";

/** A program at one end of a simulated connection that does what a schedule says and notes what it sees. */
export class SimPeer {
  readonly #side: Side;
  readonly #scheduler: Scheduler;
  readonly #socket: Socket;
  readonly #recorder = new SideRecorder();
  #unsent: Uint8Array[] = [];
  #sentBytes = 0;
  #paused = false;
  #finishing = false;

  constructor(side: Side, scheduler: Scheduler, socket: Socket) {
    this.#side = side;
    this.#scheduler = scheduler;
    this.#socket = socket;
    socket.onReadable = this.#read;
    socket.onWritable = this.#write;
    this.#read();
  }

  connected(result: ConnectResult): void {
    if (result === "REFUSED") this.#recorder.end(this.#nowMs(), "refused");
    this.#write();
  }

  record(): SideRecord {
    return this.#recorder.record();
  }

  perform(action: Extract<Action, { readonly side: Side }>): void {
    const socket = this.#socket;
    switch (action.do) {
      case "write":
        this.#unsent.push(pattern(this.#side, this.#sentBytes, action.sizeBytes));
        this.#sentBytes += action.sizeBytes;
        this.#write();
        break;
      case "finish":
        this.#finishing = true;
        this.#write();
        break;
      case "close":
        socket.close();
        break;
      case "reset":
        socket.lingerZero = true;
        socket.close();
        break;
      case "pause":
        this.#paused = true;
        break;
      case "resume":
        this.#paused = false;
        this.#read();
        break;
    }
  }

  readonly #read = (): void => {
    const socket = this.#socket;
    if (this.#paused || socket.closed) return;
    while (socket.receivedBytes > 0) this.#recorder.bytes(this.#nowMs(), socket.take(64 * 1024));
    if (socket.ended) this.#recorder.end(this.#nowMs(), socket.isReset ? "rst" : "fin");
  };

  readonly #write = (): void => {
    const socket = this.#socket;
    // One write at a time, as a program does; the rest when there is room.
    for (let bytes = this.#unsent[0]; bytes !== undefined && !socket.sendEnded; bytes = this.#unsent[0]) {
      const sent = socket.send(bytes);
      if (sent < bytes.length) {
        this.#unsent[0] = bytes.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#finishing) socket.finish();
  };

  #nowMs(): number {
    return this.#scheduler.nowNs / 1_000_000;
  }
}
