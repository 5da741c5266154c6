/**
 * dm-log-writes, version 1, little-endian. A superblock of one sector (magic u64, version u64,
 * entries u64, sector size u32); then per entry one sector of header (first sector u64, sectors
 * u64, flags u64, inline bytes u64) and the written sectors. A DISCARD has no data; the text of a
 * MARK stands in the header sector behind the four fields.
 */
export const DMLOG_MAGIC = 0x6a736677736872n;
export const DMLOG_VERSION = 1n;
/** The only sector size there is here: addresses count 512 bytes, and a larger size would leave their unit open. */
export const DMLOG_SECTOR_BYTES = 512;
export const DMLOG_ENTRY_HEADER_BYTES = 32;

export const DMLOG_FLUSH = 1;
export const DMLOG_FUA = 2;
export const DMLOG_DISCARD = 4;
export const DMLOG_MARK = 8;
/** Says that the data is file-system metadata; of no meaning for a replay. */
export const DMLOG_METADATA = 16;
export const DMLOG_FLAGS = DMLOG_FLUSH | DMLOG_FUA | DMLOG_DISCARD | DMLOG_MARK | DMLOG_METADATA;
