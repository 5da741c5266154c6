import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { TraceDirectory } from "./trace-directory.ts";
import { applyEntry } from "./trace-entry.ts";
import { TraceError } from "./trace-error.ts";

const SHIPPED = new URL("../../scenarios/traces", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "resilver-trace-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const shipped = new TraceDirectory(SHIPPED);
const compressed = readFileSync(join(SHIPPED, "ext4-sqlite.dmlog.zst"));

async function sqliteFileFailure(content: Uint8Array | undefined): Promise<TraceError> {
  copyFileSync(join(SHIPPED, "traces.json"), join(scratch, "traces.json"));
  rmSync(join(scratch, "ext4-sqlite.dmlog.zst"), { force: true });
  if (content !== undefined) writeFileSync(join(scratch, "ext4-sqlite.dmlog.zst"), content);
  const outcome = await new TraceDirectory(scratch).load("ext4-sqlite").catch((error: unknown) => error);
  if (!(outcome instanceof TraceError)) throw new Error("the trace was read without a TraceError", { cause: outcome });
  expect(outcome.message).not.toContain("\n");
  return outcome;
}

test.each(shipped.traces)("$name, applied to zeros, gives the recorded volume", async (info) => {
  const trace = await shipped.load(info.name);
  shipped.release(info.name);
  const volume = new Uint8Array(info.volumeBytes);
  for (const entry of trace.entries) applyEntry(volume, entry);
  expect({
    sha256: createHash("sha256").update(volume).digest("hex"),
    entryCount: trace.entries.length,
    flushCount: trace.entries.filter((entry) => entry.flush).length,
    writtenBytes: trace.entries.reduce((sum, entry) => sum + entry.data.length, 0),
  }).toEqual({
    sha256: info.sha256,
    entryCount: info.entryCount,
    flushCount: info.flushCount,
    writtenBytes: info.writtenBytes,
  });
  expect(trace.heldBytes).toBeLessThan(info.writtenBytes);
});

test("streamed and loaded entries are the same, and a loaded trace is loaded once", async () => {
  const trace = await shipped.load("ext4-sqlite");
  let index = 0;
  for await (const entry of shipped.open("ext4-sqlite")) {
    const loaded = trace.entries[index++];
    expect(Buffer.from(entry.data).equals(loaded?.data ?? Buffer.of(1))).toBe(true);
    expect({ ...loaded, data: 0 }).toEqual({ ...entry, data: 0 });
  }
  expect(index).toBe(1767);
  expect(await shipped.load("ext4-sqlite")).toBe(trace);
});

test("an unknown name lists the known ones", () => {
  expect(() => shipped.open("nope")).toThrow('found the name "nope", expected ext4-sqlite or ext4-postgres');
});

const flipped = Uint8Array.from(compressed, (byte, index) => (index === 40_000 ? byte ^ 0xff : byte));
test.each([
  ["cut", compressed.subarray(0, 50_000), "TRACE_COMPRESSION", "unexpected end of file"],
  ["empty", new Uint8Array(0), "TRACE_COMPRESSION", "byte 0 of the decompressed log"],
  ["with a flipped byte", flipped, "TRACE_COMPRESSION", "ZSTD_error"],
  ["not zstd", new TextEncoder().encode("hello"), "TRACE_COMPRESSION", "expected one whole zstd frame"],
  ["followed by more", Buffer.concat([compressed, compressed]), "TRACE_TRAILING", "compressed byte 90997"],
  ["of something else", zstdCompressSync(new Uint8Array(4096)), "TRACE_MAGIC", "magic 0x0"],
  ["missing", undefined, "TRACE_MISSING", "ENOENT"],
])("a compressed file %s is refused", async (_, content, code, text) => {
  const error = await sqliteFileFailure(content);
  expect(error.code).toBe(code);
  expect(error.message).toContain(text);
});

test("a catalogue that is missing or malformed is refused", () => {
  expect(() => new TraceDirectory(join(scratch, "nowhere"))).toThrow("found ENOENT, expected a trace catalogue");
  writeFileSync(join(scratch, "traces.json"), '{"schemaVersion":1,"traces":[{}]}');
  expect(() => new TraceDirectory(scratch)).toThrow(/traces\.json, traces\.0\.name: .*\[TRACE_CATALOG\]/);
  writeFileSync(join(scratch, "traces.json"), "{");
  expect(() => new TraceDirectory(scratch)).toThrow(/expected JSON; .*\[TRACE_CATALOG\]/);
});
