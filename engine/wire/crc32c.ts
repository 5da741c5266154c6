import { portableCrc32c } from "./portable-crc32c.ts";

/** CRC-32C of the parts, one after the other. `crc32c("123456789")` is e3069283. */
export const crc32c = (await nativeCrc32c()) ?? portableCrc32c;

/** Three times as fast, with the instructions of the processor; undefined where no binary was installed for it. */
async function nativeCrc32c(): Promise<typeof portableCrc32c | undefined> {
  const native = await import("@node-rs/crc32").catch(() => undefined);
  if (native === undefined) return undefined;
  return (...parts) => {
    let crc = 0;
    for (const part of parts) crc = native.crc32c(part, crc);
    return crc;
  };
}
