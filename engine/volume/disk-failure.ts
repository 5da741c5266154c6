import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { DiskError } from "../ports/index.ts";

/**
 * What a caller hears of a failure: that of a device as DISK_FAILED, a refusal as it is.
 * @throws `error` itself if it is neither: a bug of ours
 */
export function diskFailure(error: unknown, volume: string): EngineError {
  const known = handled(error, EngineError, DiskError);
  return known instanceof EngineError ? known : new EngineError("DISK_FAILED", { volume, code: known.code });
}
