/**
 * The numbers of the NBD protocol, as `doc/proto.md` of the NBD project gives them (section
 * "Values"), all big-endian on the wire; those of the namespace `qemu` as QEMU's
 * `docs/interop/nbd.rst` does.
 */

/** "NBDMAGIC", the first eight bytes of a server. */
export const SERVER_MAGIC = 0x4e42444d41474943n;
/** "IHAVEOPT": the server's second eight bytes, and the first of every option. */
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;
export const REQUEST_HEADER_BYTES = 28;
export const SIMPLE_REPLY_BYTES = 16;
export const CHUNK_HEADER_BYTES = 20;
/** Zeros after the answer to `EXPORT_NAME`, for clients that did not ask to be spared them. */
export const EXPORT_NAME_PADDING_BYTES = 124;

/** Names and messages ("Conventions"). */
export const STRING_BYTES_MAX = 4096;

/** Handshake flags of the server, and the client's with the same bits. */
export const HANDSHAKE = { FIXED_NEWSTYLE: 1, NO_ZEROES: 2 } as const;

export const OPTION = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
} as const;

const ERROR_BIT = 0x8000_0000;

export const REPLY = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: ERROR_BIT + 1,
  ERR_POLICY: ERROR_BIT + 2,
  ERR_INVALID: ERROR_BIT + 3,
  ERR_PLATFORM: ERROR_BIT + 4,
  ERR_TLS_REQD: ERROR_BIT + 5,
  ERR_UNKNOWN: ERROR_BIT + 6,
  ERR_SHUTDOWN: ERROR_BIT + 7,
  ERR_BLOCK_SIZE_REQD: ERROR_BIT + 8,
  ERR_TOO_BIG: ERROR_BIT + 9,
} as const;

/** Whether a reply to an option says that it failed. */
export function isErrorReply(type: number): boolean {
  return type >= ERROR_BIT;
}

/** Kinds of information in a reply to `INFO` and `GO`. */
export const INFO = { EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 } as const;

/** What an export can do. */
export const TRANSMISSION = {
  HAS_FLAGS: 1 << 0,
  READ_ONLY: 1 << 1,
  SEND_FLUSH: 1 << 2,
  SEND_FUA: 1 << 3,
  ROTATIONAL: 1 << 4,
  SEND_TRIM: 1 << 5,
  SEND_WRITE_ZEROES: 1 << 6,
  SEND_DF: 1 << 7,
  CAN_MULTI_CONN: 1 << 8,
  SEND_CACHE: 1 << 10,
  SEND_FAST_ZERO: 1 << 11,
} as const;

export const COMMAND = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
} as const;

export const COMMAND_FLAG = { FUA: 1, NO_HOLE: 2, DF: 4, REQ_ONE: 8, FAST_ZERO: 16 } as const;

export const CHUNK = {
  NONE: 0,
  OFFSET_DATA: 1,
  OFFSET_HOLE: 2,
  BLOCK_STATUS: 5,
  ERROR: 0x8001,
  ERROR_OFFSET: 0x8002,
} as const;

/** The last chunk of a reply. */
export const CHUNK_DONE = 1;

/** Error numbers of replies: these and no others. */
export const ERRNO = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;

export type NbdErrno = keyof typeof ERRNO;

const errnoNames = new Map<number, NbdErrno>(Object.entries(ERRNO).map(([name, code]) => [code, name as NbdErrno]));

/** An unexpected number counts as EINVAL ("Error values"). */
export function errnoName(code: number): NbdErrno {
  return errnoNames.get(code) ?? "EINVAL";
}

export const BASE_ALLOCATION = "base:allocation";
export const DIRTY_BITMAP_PREFIX = "qemu:dirty-bitmap:";
/** Flags of an extent of `base:allocation`. */
export const ALLOCATION = { HOLE: 1, ZERO: 2 } as const;
/** The flag of an extent of `qemu:dirty-bitmap:NAME`. */
export const DIRTY = 1;

/** Advertised, and held against requests: see "Block size constraints". */
export const BLOCK_BYTES_MIN = 512;
export const BLOCK_BYTES_PREFERRED = 4096;
/** Larger reads and writes get EINVAL. */
export const BLOCK_BYTES_MAX = 32 * 1024 * 1024;
