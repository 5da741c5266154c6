import { Worker } from "node:worker_threads";
import { assert } from "../../assert.ts";
import type { DiskWrite } from "../../ports/index.ts";
import type { FileIo } from "./file-io.ts";
import { CONTROL, type LaneData, LAYOUT, OPERATION, RESULT, runLane } from "./lane-worker.ts";

/** The largest part of a request that fits a slot. */
export const SLOT_BYTES = 32 * 1024;
/** Requests that the thread has at a time, a power of two; more wait here, in order. */
const SLOTS = 64;
/** Zeros are written by parts of this size, so that others get their turn between. */
const ZERO_BYTES = 1024 * 1024;

type Operation = (typeof OPERATION)[keyof typeof OPERATION];

interface Request {
  readonly operation: Operation;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** What is written, or where to put what is read. */
  readonly data: Uint8Array | undefined;
  /** @param error `undefined` if it was carried out */
  readonly settle: (error?: Error) => void;
}

/**
 * A {@link FileIo} in a thread of its own, which blocks in place of the others'. Requests and data pass
 * through shared memory: the data is copied once, a turn's requests cost one wake-up, and what completes
 * one message. With its thread it takes 10 MB.
 */
export class Lane implements FileIo {
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #entries: Float64Array;
  readonly #data: Uint8Array;
  readonly #running = new Array<Request | undefined>(SLOTS);
  readonly #waiting: Request[] = [];
  #submitted = 0;
  #completed = 0;
  #wakes = false;
  #broken: Error | undefined;

  constructor(fd: number) {
    const memory = new SharedArrayBuffer(LAYOUT.controlBytes + SLOTS * (LAYOUT.entryBytes + SLOT_BYTES));
    this.#control = new Int32Array(memory, 0, LAYOUT.controlBytes / Int32Array.BYTES_PER_ELEMENT);
    this.#entries = new Float64Array(memory, LAYOUT.controlBytes, SLOTS * LAYOUT.entryNumbers);
    this.#data = new Uint8Array(memory, LAYOUT.controlBytes + SLOTS * LAYOUT.entryBytes);
    this.#worker = new Worker(`(${runLane.toString()})(require("node:fs"), require("node:worker_threads"))`, {
      eval: true,
      workerData: { fd, memory, slots: SLOTS, slotBytes: SLOT_BYTES } satisfies LaneData,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 4 },
    });
    this.#worker.unref();
    this.#worker.on("message", () => this.#collect());
    this.#worker.on("error", (error) => this.#break(error));
    this.#worker.on("exit", () => this.#break(new Error("the thread of the disk has ended")));
  }

  read(offsetBytes: number, into: Uint8Array): Promise<void> {
    return this.#transfer(OPERATION.read, offsetBytes, into);
  }

  write(offsetBytes: number, data: Uint8Array): Promise<void> {
    return this.#transfer(OPERATION.write, offsetBytes, data);
  }

  async writeZeros(offsetBytes: number, lengthBytes: number): Promise<void> {
    for (let done = 0; done < lengthBytes; done += ZERO_BYTES)
      await this.#request(OPERATION.zero, offsetBytes + done, Math.min(ZERO_BYTES, lengthBytes - done), undefined);
  }

  sync(): Promise<void> {
    return this.#request(OPERATION.sync, 0, 0, undefined);
  }

  /** Ends the thread. Nothing may be in flight. */
  async close(): Promise<void> {
    assert(this.#submitted === this.#completed, "a lane is closed when it is idle");
    this.#broken = new Error("the lane is closed");
    await this.#worker.terminate();
  }

  async #transfer(operation: Operation, offsetBytes: number, data: Uint8Array): Promise<void> {
    if (data.length <= SLOT_BYTES) return this.#request(operation, offsetBytes, data.length, data);
    const parts: Promise<void>[] = [];
    for (let at = 0; at < data.length; at += SLOT_BYTES) {
      const part = data.subarray(at, at + SLOT_BYTES);
      parts.push(this.#request(operation, offsetBytes + at, part.length, part));
    }
    // All of them: the buffer is in use until the last has ended.
    const ends = await Promise.allSettled(parts);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #request(
    operation: Operation,
    offsetBytes: number,
    lengthBytes: number,
    data: Uint8Array | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#ask({ operation, offsetBytes, lengthBytes, data, settle });
    });
  }

  #ask(request: Request): void {
    if (this.#broken !== undefined) request.settle(this.#broken);
    else if (this.#room === 0) this.#waiting.push(request);
    else this.#submit(request);
  }

  /** Each fits a slot. One promise for all. */
  writeInOrder(writes: readonly DiskWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = writes.length;
      let failure: Error | undefined;
      const settle = (error?: Error): void => {
        failure ??= error;
        if (--left > 0) return;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      for (const [index, { offsetBytes, data }] of writes.entries()) {
        const operation = index === 0 ? OPERATION.write : OPERATION.follow;
        this.#ask({ operation, offsetBytes, lengthBytes: data.length, data, settle });
      }
    });
  }

  get #room(): number {
    return SLOTS - ((this.#submitted - this.#completed) | 0);
  }

  #submit(request: Request): void {
    if (this.#submitted === this.#completed) this.#worker.ref();
    const slot = this.#submitted & (SLOTS - 1);
    const entry = slot * LAYOUT.entryNumbers;
    this.#entries[entry] = request.operation;
    this.#entries[entry + 1] = request.offsetBytes;
    this.#entries[entry + 2] = request.lengthBytes;
    const { operation } = request;
    if ((operation === OPERATION.write || operation === OPERATION.follow) && request.data !== undefined)
      this.#data.set(request.data, slot * SLOT_BYTES);
    this.#running[slot] = request;
    this.#submitted = (this.#submitted + 1) | 0;
    if (this.#wakes) return;
    this.#wakes = true;
    queueMicrotask(this.#wake);
  }

  readonly #wake = (): void => {
    this.#wakes = false;
    Atomics.store(this.#control, CONTROL.submitted, this.#submitted);
    Atomics.notify(this.#control, CONTROL.submitted);
  };

  #collect(): void {
    // In this order: what completes from here on sends another message.
    Atomics.store(this.#control, CONTROL.told, 0);
    const completed = Atomics.load(this.#control, CONTROL.completed);
    while (this.#completed !== completed) {
      const slot = this.#completed & (SLOTS - 1);
      const request = this.#running[slot];
      assert(request !== undefined, "a slot that completed has its request");
      this.#running[slot] = undefined;
      const { data } = request;
      if (request.operation === OPERATION.read && data !== undefined)
        data.set(this.#data.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + data.length));
      const result = this.#entries[slot * LAYOUT.entryNumbers + 3];
      this.#completed = (this.#completed + 1) | 0;
      if (result === RESULT.done) request.settle();
      else request.settle(new LaneError(result === RESULT.noRoom ? "ENOSPC" : "EIO"));
      this.#refill();
    }
    if (this.#submitted === this.#completed) this.#worker.unref();
  }

  #refill(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#submit(next);
  }

  /** The thread is gone: what it had may have been done or not. */
  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    for (const request of this.#running) request?.settle(error);
    for (const request of this.#waiting) request.settle(error);
    this.#running.fill(undefined);
    this.#waiting.length = 0;
    this.#completed = this.#submitted;
  }
}

class LaneError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
