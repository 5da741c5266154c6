import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { type DmlogOptions, readDmlog } from "./dmlog.ts";
import type { TraceEntry } from "./trace-entry.ts";
import { TraceError } from "./trace-error.ts";

/**
 * Streams the entries of a zstd-compressed dm-log-writes file, in bounded memory. Nothing is
 * opened before the first entry is asked for.
 *
 * @throws TraceError (while iterating) TRACE_MISSING, TRACE_COMPRESSION, and what `readDmlog` throws
 */
export async function* openTrace(path: string, options: Omit<DmlogOptions, "name">): AsyncGenerator<TraceEntry> {
  const { volumeBytes, entryCount } = options;
  const promised = entryCount === undefined ? {} : { entryCount };
  const log = await readDmlog(decompress(path), { name: basename(path), volumeBytes, ...promised });
  yield* log.entries;
}

async function* decompress(path: string): AsyncGenerator<Uint8Array> {
  const name = basename(path);
  const file = createReadStream(path);
  const zstd = createZstdDecompress({ chunkSize: 256 * 1024 });
  // Each failure also ends the loop below, which reports it; the callback has nothing to add.
  pipeline(file, zstd, () => {});
  let logBytes = 0;
  try {
    for await (const chunk of zstd) {
      const bytes: Uint8Array = chunk;
      logBytes += bytes.length;
      yield bytes;
    }
  } catch (error) {
    throw describe(error, name, path, logBytes);
  } finally {
    file.destroy();
    zstd.destroy();
  }
  // The decompressor stops at the end of its frame and says nothing of what follows.
  if (zstd.bytesWritten < file.bytesRead) {
    throw new TraceError("TRACE_TRAILING", {
      place: `${name}, compressed byte ${zstd.bytesWritten}`,
      found: `${file.bytesRead - zstd.bytesWritten} bytes more`,
      expected: "the end of the file",
      remedy: "copy the trace again",
    });
  }
}

function describe(error: unknown, name: string, path: string, logBytes: number): TraceError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("ZSTD_") || code.startsWith("Z_")) {
    const parts = {
      place: `${name}, byte ${logBytes} of the decompressed log`,
      found: `${message} (${code})`,
      expected: "one whole zstd frame",
      remedy: "copy the trace again",
    };
    return new TraceError("TRACE_COMPRESSION", parts, { cause: error });
  }
  const parts = {
    place: path,
    found: code === "" ? message : code,
    expected: "a readable file",
    remedy: "check the path and its permissions",
  };
  return new TraceError("TRACE_MISSING", parts, { cause: error });
}
