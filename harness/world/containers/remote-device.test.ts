import { expect, onTestFinished, test } from "vitest";
import { type NbdExport, NbdExportError } from "../../../engine/node/nbd/nbd-export.ts";
import { NbdServer } from "../../../engine/node/nbd/server.ts";
import { HostError } from "../../target/target.ts";
import { RemoteDevice } from "./remote-device.ts";

test("a request that is refused lets those beside it be answered, and the next one has a connection of its own", async () => {
  const reads = Promise.withResolvers<Uint8Array>();
  let connections = 0;
  const device: NbdExport = {
    name: "pvol",
    sizeBytes: 4096,
    readOnly: false,
    canMultiConn: false,
    hasFastZeroes: false,
    contexts: [],
    read: () => reads.promise,
    write: () => Promise.reject(new NbdExportError("EPERM", "not now")),
    flush: async () => {},
    trim: async () => {},
    writeZeroes: async () => {},
  };
  const find = (name: string): NbdExport | undefined => {
    connections++;
    return name === "pvol" ? device : undefined;
  };
  const server = new NbdServer({ exports: { exports: () => [device], find } });
  onTestFinished(() => server.close({ drainMs: 0 }));
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const remote = new RemoteDevice({ host: "127.0.0.1", port }, "pvol", 4096);
  onTestFinished(() => remote.close());

  const read = remote.read(0, 512);
  const codeOf = (error: unknown): string => (error instanceof HostError ? error.code : String(error));
  expect(await remote.write(0, new Uint8Array(512)).catch(codeOf)).toBe("REFUSED");
  const before = connections;
  await remote.flush();
  expect(connections).toBe(before + 1);
  reads.resolve(new Uint8Array(512).fill(7));
  expect((await read).every((byte) => byte === 7)).toBe(true);
});
