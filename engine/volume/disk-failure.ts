import { EngineError } from "../errors.ts";
import { DiskError } from "../ports/index.ts";

/**
 * What a caller hears of a failure: that of a device as DISK_FAILED, a refusal as it is.
 * @throws `error` itself if it is neither: a bug of ours
 */
export function diskFailure(error: unknown, volume: string): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof DiskError) return new EngineError("DISK_FAILED", { volume, code: error.code });
  throw error;
}
