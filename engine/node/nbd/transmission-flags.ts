import type { NbdExport } from "./nbd-export.ts";
import { TRANSMISSION } from "./protocol.ts";

/** What a client is told that an export can do ("Transmission flags"). */
export function transmissionFlags(target: NbdExport, structured: boolean): number {
  let flags = TRANSMISSION.HAS_FLAGS | TRANSMISSION.SEND_FLUSH | TRANSMISSION.SEND_FUA | TRANSMISSION.SEND_CACHE;
  if (structured) flags |= TRANSMISSION.SEND_DF;
  if (target.canMultiConn) flags |= TRANSMISSION.CAN_MULTI_CONN;
  if (target.readOnly) return flags | TRANSMISSION.READ_ONLY;
  flags |= TRANSMISSION.SEND_TRIM | TRANSMISSION.SEND_WRITE_ZEROES;
  return target.hasFastZeroes ? flags | TRANSMISSION.SEND_FAST_ZERO : flags;
}
