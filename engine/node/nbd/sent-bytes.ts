import { Socket } from "node:net";
import type { OutBatch } from "./out-batch.ts";

/** What a batch sends, for tests. */
export async function sentBytes(batch: OutBatch): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = new Socket();
  socket._write = (chunk: Buffer, _encoding, done) => {
    chunks.push(Buffer.from(chunk));
    done();
  };
  socket._writev = (all: { readonly chunk: Buffer }[], done) => {
    for (const { chunk } of all) chunks.push(Buffer.from(chunk));
    done();
  };
  await new Promise<void>((resolve) => {
    batch.flush(socket, resolve);
    if (batch.unsentBytes === 0) resolve();
  });
  return Buffer.concat(chunks);
}
