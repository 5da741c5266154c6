import type * as FileSystem from "node:fs";
import type * as Threads from "node:worker_threads";

/** What a lane hands to its thread. */
export interface LaneData {
  readonly fd: number;
  /** See {@link LAYOUT}. */
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
  readonly slotBytes: number;
}

/**
 * The memory of a lane: 16 words of control, then for each slot four numbers (operation, offset, length,
 * result), then the data of each slot.
 */
export const LAYOUT = { controlBytes: 64, entryNumbers: 4, entryBytes: 32 } as const;

/** Words of control. Both counts go round at 2^32, a multiple of the number of slots. */
export const CONTROL = { submitted: 0, completed: 1, told: 2 } as const;

/** `follow`: a write that is left out, and fails, if the request before it failed. */
export const OPERATION = { write: 0, read: 1, zero: 2, sync: 3, follow: 4 } as const;

/** Results of a slot. */
export const RESULT = { done: 0, failed: 1, noRoom: 2 } as const;

/**
 * The thread of one lane: carries out the requests in its memory, in order, with calls that block.
 *
 * It is handed over as text, so that the daemon can be one file: it may use nothing but its parameters,
 * and says again what the constants above say.
 */
export function runLane(fs: typeof FileSystem, { parentPort, workerData }: typeof Threads): void {
  const { fd, memory, slots, slotBytes } = workerData as LaneData;
  const control = new Int32Array(memory, 0, 16);
  const entries = new Float64Array(memory, 64, slots * 4);
  const data = new Uint8Array(memory, 64 + slots * 32);
  const zeros = new Uint8Array(256 * 1024);
  let completed = 0;
  /** The request before this one failed. */
  let failed = false;

  const each = (offset: number, length: number, step: (at: number, done: number) => number): void => {
    for (let done = 0; done < length; ) {
      const moved = step(offset + done, done);
      if (moved === 0) throw new Error("nothing was moved");
      done += moved;
    }
  };
  const carryOut = (slot: number): void => {
    const [operation, offset, length] = [entries[slot * 4], entries[slot * 4 + 1], entries[slot * 4 + 2]];
    if (operation === undefined || offset === undefined || length === undefined) throw new Error("no such slot");
    const at = slot * slotBytes;
    if (operation === 4 && failed) throw new Error("the write before it failed");
    if (operation === 0 || operation === 4)
      each(offset, length, (to, done) => fs.writeSync(fd, data, at + done, length - done, to));
    else if (operation === 1)
      each(offset, length, (from, done) => fs.readSync(fd, data, at + done, length - done, from));
    else if (operation === 2)
      each(offset, length, (to, done) => fs.writeSync(fd, zeros, 0, Math.min(zeros.length, length - done), to));
    else fs.fdatasyncSync(fd);
  };
  const complete = (count: number): void => {
    completed = (completed + count) | 0;
    Atomics.store(control, 1, completed);
    // One message for all that completes until the other side looks.
    if (Atomics.exchange(control, 2, 1) === 0) parentPort?.postMessage(0);
  };
  /** Writes that adjoin each other go out as one; false if it must be done one by one. */
  const writtenTogether = (count: number): boolean => {
    const views: Uint8Array[] = [];
    let length = 0;
    for (let index = 0; index < count; index++) {
      const slot = (completed + index) & (slots - 1);
      const bytes = entries[slot * 4 + 2] as number;
      views.push(data.subarray(slot * slotBytes, slot * slotBytes + bytes));
      length += bytes;
    }
    try {
      return fs.writevSync(fd, views, entries[(completed & (slots - 1)) * 4 + 1]) === length;
    } catch {
      return false;
    }
  };
  /** How many of the next requests are writes of which each begins where the one before ends. */
  const adjoining = (submitted: number): number => {
    let count = 0;
    let end = -1;
    for (let index = completed; index !== submitted && count < 16; index = (index + 1) | 0) {
      const at = (index & (slots - 1)) * 4;
      const isWrite = entries[at] === 0 || (entries[at] === 4 && !failed);
      if (!isWrite || (end !== -1 && entries[at + 1] !== end)) break;
      end = (entries[at + 1] as number) + (entries[at + 2] as number);
      count++;
    }
    return count;
  };

  for (;;) {
    const submitted = Atomics.load(control, 0);
    if (submitted === completed) {
      Atomics.wait(control, 0, submitted);
      continue;
    }
    const together = adjoining(submitted);
    if (together > 1 && writtenTogether(together)) {
      failed = false;
      for (let index = 0; index < together; index++) entries[((completed + index) & (slots - 1)) * 4 + 3] = 0;
      complete(together);
      continue;
    }
    const slot = completed & (slots - 1);
    try {
      carryOut(slot);
      failed = false;
      entries[slot * 4 + 3] = 0;
    } catch (error) {
      failed = true;
      const code = String((error as { code?: unknown }).code);
      entries[slot * 4 + 3] = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" ? 2 : 1;
    }
    complete(1);
  }
}
