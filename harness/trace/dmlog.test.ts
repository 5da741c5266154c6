import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readDmlog } from "./dmlog.ts";
import { encodeDmlog } from "./encode-dmlog.ts";
import type { TraceEntry } from "./trace-entry.ts";
import { TraceError } from "./trace-error.ts";

const VOLUME_SECTORS = 64;
const VOLUME_BYTES = VOLUME_SECTORS * 512;
const BLANK = { flush: false, fua: false, discard: false, mark: "", data: new Uint8Array(0) };

const write = (sector: number, sectorCount: number, fill: number, flags = {}): TraceEntry => {
  const lengthBytes = sectorCount * 512;
  const data = new Uint8Array(lengthBytes).fill(fill);
  return { ...BLANK, index: 0, offsetBytes: sector * 512, lengthBytes, ...flags, data };
};

const range = fc
  .tuple(fc.nat(VOLUME_SECTORS - 1), fc.integer({ min: 1, max: 8 }))
  .map(([sector, count]) => ({ sector, count: Math.min(count, VOLUME_SECTORS - sector) }));
const anyEntry = fc.oneof(
  fc
    .tuple(range, fc.nat(255), fc.boolean(), fc.boolean())
    .map(([at, fill, flush, fua]) => write(at.sector, at.count, fill, { flush, fua })),
  range.map((at) => ({ ...BLANK, index: 0, offsetBytes: at.sector * 512, lengthBytes: at.count * 512, discard: true })),
  fc.constant<TraceEntry>({ ...BLANK, index: 0, offsetBytes: 0, lengthBytes: 0, flush: true }),
  fc
    .string({ minLength: 1, maxLength: 100 })
    .map((mark) => ({ ...BLANK, index: 0, offsetBytes: 0, lengthBytes: 0, mark })),
);
const anyEntries = fc
  .array(anyEntry, { maxLength: 12 })
  .map((entries) => entries.map((entry, index): TraceEntry => ({ ...entry, index })));

async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}

async function readAll(log: Uint8Array, chunkBytes = 1000, entryCount?: number): Promise<TraceEntry[]> {
  const promised = entryCount === undefined ? {} : { entryCount };
  const chunks = inChunks(log, chunkBytes);
  const { entries } = await readDmlog(chunks, { name: "t.dmlog", volumeBytes: VOLUME_BYTES, ...promised });
  const read: TraceEntry[] = [];
  for await (const entry of entries) read.push(entry);
  return read;
}

async function failure(log: Uint8Array, entryCount?: number): Promise<TraceError> {
  const outcome = await readAll(log, 1000, entryCount).catch((error: unknown) => error);
  if (!(outcome instanceof TraceError)) throw new Error("the log was read without a TraceError", { cause: outcome });
  expect(outcome.message).not.toContain("\n");
  return outcome;
}

test("what is encoded is read back, in chunks of any size", async () => {
  await fc.assert(
    fc.asyncProperty(anyEntries, fc.integer({ min: 1, max: 3000 }), async (entries, chunkBytes) => {
      expect(await readAll(encodeDmlog(entries), chunkBytes)).toEqual(entries);
    }),
    { numRuns: 60 },
  );
});

test("a log cut anywhere is refused, and the error says where", async () => {
  const log = encodeDmlog([write(0, 2, 1), write(9, 1, 2)]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: log.length - 1 }), async (keptBytes) => {
      const { code, place } = await failure(log.slice(0, keptBytes));
      const atEntryBoundary = keptBytes === 512 || keptBytes === 512 * 4;
      expect(code).toBe(atEntryBoundary ? "TRACE_ENTRY_COUNT" : "TRACE_TRUNCATED");
      expect(place).toMatch(new RegExp(`byte ${keptBytes}$`));
    }),
    { numRuns: 60 },
  );
});

test("a cut inside data names the entry, where it stopped and how much was missing", async () => {
  const log = encodeDmlog([write(0, 1, 1), write(8, 4, 2)]);
  expect((await failure(log.slice(0, -100))).message).toBe(
    "t.dmlog, entry 1 of 2, byte 3996: found the end after 1948 bytes of the data of the entry at byte 1536, " +
      "expected 2048 bytes; copy or record the trace again [TRACE_TRUNCATED]",
  );
});

const good = (): Uint8Array => encodeDmlog([write(0, 1, 1), write(8, 2, 2)]);
const changed = (change: (fields: DataView) => void): Uint8Array => {
  const log = good();
  change(new DataView(log.buffer));
  return log;
};
const ENTRY_1 = 512 * 3;

test.each([
  ["another magic", changed((log) => log.setUint8(0, 0)), "TRACE_MAGIC", "found magic 0x6a736677736800,"],
  ["another version", changed((log) => log.setUint8(8, 2)), "TRACE_VERSION", "found version 2, expected version 1"],
  ["an odd sector size", changed((log) => log.setUint32(24, 520, true)), "TRACE_SECTOR_SIZE", "found sector size 520"],
  ["more entries promised", changed((log) => log.setUint8(16, 3)), "TRACE_ENTRY_COUNT", "the end after 2 entries"],
  ["fewer entries promised", changed((log) => log.setUint8(16, 1)), "TRACE_TRAILING", "byte 1536"],
  ["a count beyond 2^53", changed((log) => log.setUint8(23, 1)), "TRACE_ENTRY_COUNT", "byte 16"],
  ["trailing bytes", new Uint8Array([...good(), 0]), "TRACE_TRAILING", "byte 3072"],
  [
    "a write past the end",
    changed((log) => log.setUint8(ENTRY_1, 63)),
    "TRACE_RANGE",
    "sectors 63 + 2, expected at most 64",
  ],
  ["a start beyond 2^53", changed((log) => log.setUint8(ENTRY_1 + 7, 255)), "TRACE_RANGE", "entry 1 of 2"],
  ["an unknown flag", changed((log) => log.setUint8(ENTRY_1 + 16, 32)), "TRACE_ENTRY", "flags 0x20"],
  ["a mark with sectors", changed((log) => log.setUint8(ENTRY_1 + 16, 8)), "TRACE_ENTRY", "a mark with sectors"],
  [
    "a data length that contradicts",
    changed((log) => log.setUint16(ENTRY_1 + 24, 999, true)),
    "TRACE_ENTRY",
    "data length 999",
  ],
])("%s is refused", async (_, log, code, text) => {
  const error = await failure(log);
  expect(error.code).toBe(code);
  expect(error.message).toContain(text);
});

test("a header that contradicts the catalogue is refused", async () => {
  expect((await failure(good(), 3)).message).toContain("found 2 entries, expected 3 as the catalogue says");
});

test("a reader that stops early, or is refused, closes the source", async () => {
  for (const log of [good(), changed((fields) => fields.setUint8(0, 0))]) {
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* inChunks(log, 100);
      } finally {
        closed = true;
      }
    };
    const options = { name: "t.dmlog", volumeBytes: VOLUME_BYTES };
    const first = readDmlog(source(), options).then(async ({ entries }) => {
      for await (const entry of entries) return entry.index;
      return undefined;
    });
    await first.catch(() => undefined);
    expect(closed).toBe(true);
  }
});
