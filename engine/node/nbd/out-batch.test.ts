import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { ReplyBatch } from "./reply-batch.ts";
import { SlabPool } from "./slab.ts";

const LARGE_BYTES = 64 * 1024;

test("what waits to be sent is left alone when the system has taken what went before", async () => {
  const taken: (() => void)[] = [];
  const received: Buffer[] = [];
  // A system that takes what it is given when it is told to; then the bytes are looked at, as a kernel does.
  const socket = new Duplex({
    read: () => {},
    writev: (chunks, callback) => {
      taken.push(() => {
        for (const { chunk } of chunks) received.push(Buffer.from(chunk as Buffer));
        callback();
      });
    },
  }) as unknown as Socket;
  const replies = new ReplyBatch(new SlabPool(1024 * 1024));
  const reply = (low: number): void => replies.data({ high: 0, low }, true, low, new Uint8Array(LARGE_BYTES).fill(low));
  const sent: number[] = [];
  reply(1);
  replies.flush(socket, () => sent.push(1));
  reply(2);
  taken.shift()?.();
  await new Promise((resolve) => process.nextTick(resolve));
  expect(sent).toEqual([1]);
  reply(3);
  reply(4);
  replies.flush(socket, () => sent.push(2));
  taken.shift()?.();
  const bytes = Buffer.concat(received);
  const messageBytes = bytes.length / 4;
  const found = [0, 1, 2, 3].map((index) => [
    bytes.readUInt32BE(index * messageBytes + 12),
    bytes[(index + 1) * messageBytes - 1],
  ]);
  expect(found).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
});
