import { EngineError, type EngineErrorCode } from "../../errors.ts";
import { DiskError } from "../../ports/index.ts";
import { NbdExportError } from "./nbd-export.ts";
import type { NbdErrno } from "./protocol.ts";

/** Refusals that are not simply an I/O error. */
const OF_ENGINE = new Map<EngineErrorCode, NbdErrno>([
  ["NO_ACCESS", "EPERM"],
  ["OUT_OF_RANGE", "EINVAL"],
  ["UNALIGNED", "EINVAL"],
]);

/** The number a client is told of a request that an export refused. */
export function errnoOf(error: unknown): NbdErrno {
  if (error instanceof NbdExportError) return error.errno;
  if (error instanceof DiskError) return error.code;
  if (error instanceof EngineError) return OF_ENGINE.get(error.code) ?? "EIO";
  return "EIO";
}
