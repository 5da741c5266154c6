import type { NbdContext, NbdExport } from "./nbd-export.ts";
import { BLOCK_BYTES_MAX, COMMAND, COMMAND_FLAG, type NbdErrno } from "./protocol.ts";
import type { Cookie } from "./reply-batch.ts";

/** A request as it came ("Request message"), without the payload of a write. */
export interface Request {
  readonly cookie: Cookie;
  readonly flags: number;
  readonly type: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Flags that a command may have; FUA is allowed with all of them ("Command flags"). */
const FLAGS = new Map<number, number>([
  [COMMAND.READ, COMMAND_FLAG.FUA | COMMAND_FLAG.DF],
  [COMMAND.WRITE, COMMAND_FLAG.FUA],
  [COMMAND.DISC, COMMAND_FLAG.FUA],
  [COMMAND.FLUSH, COMMAND_FLAG.FUA],
  [COMMAND.TRIM, COMMAND_FLAG.FUA],
  [COMMAND.CACHE, COMMAND_FLAG.FUA],
  [COMMAND.WRITE_ZEROES, COMMAND_FLAG.FUA | COMMAND_FLAG.NO_HOLE | COMMAND_FLAG.FAST_ZERO],
  [COMMAND.BLOCK_STATUS, COMMAND_FLAG.FUA | COMMAND_FLAG.REQ_ONE],
]);

interface Fault {
  readonly errno: NbdErrno;
  readonly why: string;
}

/** Why a request is refused before it reaches the export; `undefined` if it is not. See "Error values". */
export function faultOf(
  { type, flags, offsetBytes, lengthBytes }: Request,
  target: NbdExport,
  agreed: { readonly structured: boolean; readonly contexts: ReadonlyMap<number, NbdContext> },
): Fault | undefined {
  const allowed = FLAGS.get(type);
  if (allowed === undefined) return { errno: "EINVAL", why: `unknown command ${type}` };
  if ((flags & ~allowed) !== 0) return { errno: "EINVAL", why: `flags ${flags} do not go with command ${type}` };
  if (type === COMMAND.DISC || type === COMMAND.FLUSH) return undefined;
  const isChange = type === COMMAND.WRITE || type === COMMAND.WRITE_ZEROES || type === COMMAND.TRIM;
  if (isChange && target.readOnly) return { errno: "EPERM", why: `${target.name} is read-only` };
  if (offsetBytes + lengthBytes > target.sizeBytes)
    return {
      errno: type === COMMAND.WRITE || type === COMMAND.WRITE_ZEROES ? "ENOSPC" : "EINVAL",
      why: `byte ${offsetBytes}, ${lengthBytes} bytes: ${target.name} has ${target.sizeBytes}`,
    };
  if (hasData({ type }) && lengthBytes > BLOCK_BYTES_MAX)
    return { errno: "EINVAL", why: `${lengthBytes} bytes: a request has ${BLOCK_BYTES_MAX} at most` };
  if ((flags & COMMAND_FLAG.FAST_ZERO) !== 0 && !target.hasFastZeroes)
    return { errno: "ENOTSUP", why: "zeros are not written faster than data" };
  if ((flags & COMMAND_FLAG.DF) !== 0 && !agreed.structured)
    return { errno: "EINVAL", why: "replies come in one piece anyway" };
  if (type === COMMAND.BLOCK_STATUS && (agreed.contexts.size === 0 || lengthBytes === 0))
    return { errno: "EINVAL", why: lengthBytes === 0 ? "no bytes were asked about" : "no context was selected" };
  return undefined;
}

/** Whether the length is that of data that is sent. */
export function hasData({ type }: Pick<Request, "type">): boolean {
  return type === COMMAND.READ || type === COMMAND.WRITE;
}

/** Carries out a change of any length in pieces that an export takes, one after the other. */
export async function changes(
  { offsetBytes, lengthBytes }: Request,
  change: (offsetBytes: number, lengthBytes: number) => Promise<void>,
): Promise<void> {
  const end = offsetBytes + lengthBytes;
  for (let at = offsetBytes; at < end; ) {
    // Pieces end at multiples of their size, so that only the first and the last can be unaligned.
    const next = Math.min(end, (Math.floor(at / BLOCK_BYTES_MAX) + 1) * BLOCK_BYTES_MAX);
    await change(at, next - at);
    at = next;
  }
}
