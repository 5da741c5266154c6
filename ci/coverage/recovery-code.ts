/**
 * The code whose work is to recover: what a crash, a cut, a failed disk or a broken resync leaves is made whole
 * by it, or refused. Every branch of these files is reached by a test or a scenario; `npm run coverage` fails
 * otherwise, and names the file. What cannot be reached is an assertion or is not there.
 *
 * `engine/controller/interconnect.ts` belongs here, too: one of its branches, a disk that hangs while a session
 * ends, is reached by no test at present.
 *
 * By what it recovers from. Other files of the engine are judged by their lines.
 */
const BY_WORK = {
  "a crash: tables and marks that were durable, read again": [
    "engine/volume/two-slots.ts",
    "engine/volume/track-copy.ts",
    "engine/volume/persistent-write.ts",
    "engine/mirror/copy-management-table.ts",
    "engine/mirror/pair-entry.ts",
    "engine/mirror/local-pair-entry.ts",
    "engine/mirror/intent-bitmap.ts",
    "engine/mirror/intent-log.ts",
    "engine/mirror/pending-tracks.ts",
    "engine/controller/shared-memory.ts",
    "engine/controller/local-mirrors.ts",
  ],
  "a lost link: what ends meet with, and who overwrites whom": [
    "engine/controller/pair-protocol.ts",
    "engine/controller/command-relay.ts",
    "engine/mirror/applier.ts",
    "engine/mirror/outbox.ts",
    "engine/mirror/pair.ts",
    "engine/mirror/pair-commands.ts",
    "engine/mirror/pair-offer.ts",
    "engine/mirror/decide-resync.ts",
    "engine/mirror/resync-source.ts",
    "engine/mirror/resync-target.ts",
    "engine/mirror/rewrite-target.ts",
    "engine/wire/frame.ts",
    "engine/wire/session.ts",
  ],
  "a failed disk, or a mirror that is behind": [
    "engine/volume/background-copy.ts",
    "engine/volume/disk-failure.ts",
    "engine/mirror/local-completion.ts",
    "engine/mirror/local-copy.ts",
    "engine/mirror/local-pair.ts",
    "engine/mirror/local-split.ts",
    "engine/mirror/mirror-side.ts",
  ],
  "lost content: restores, recoveries, swaps and rollbacks, at both ends": [
    "engine/mirror/backup.ts",
    "engine/mirror/exchange.ts",
    "engine/mirror/pair-image.ts",
    "engine/mirror/self-recovery.ts",
  ],
  "the moments themselves: images, journals, and what brings their content back": [
    "engine/image/area-image.ts",
    "engine/image/copy-out.ts",
    "engine/image/exception-store.ts",
    "engine/image/exception-table.ts",
    "engine/image/image-head.ts",
    "engine/image/image.ts",
    "engine/image/lsn-image.ts",
    "engine/image/old-data-image.ts",
    "engine/image/reserved-area-image.ts",
    "engine/journal/base-copy.ts",
    "engine/journal/fold.ts",
    "engine/journal/journal-reader.ts",
    "engine/journal/journal-record.ts",
    "engine/journal/journal.ts",
    "engine/journal/log-area.ts",
    "engine/journal/log-table.ts",
    "engine/journal/log-writer.ts",
    "engine/journal/management-table.ts",
    "engine/journal/moments.ts",
    "engine/journal/recovery.ts",
    "engine/journal/replay.ts",
    "engine/journal/start-journal.ts",
    "engine/journal/swap.ts",
    "engine/journal/together.ts",
    "engine/restore/concurrent-restore.ts",
    "engine/restore/copy-in.ts",
    "engine/restore/restore.ts",
    "engine/restore/restoring-program.ts",
  ],
} as const;

export const RECOVERY_CODE: readonly string[] = Object.values(BY_WORK).flat();
