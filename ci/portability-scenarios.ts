/**
 * What every runtime runs: short scenarios of every folder, which together use nearly every kind of step and fault, and
 * the recorded writes of SQLite, which ask the real `e2fsck` and SQLite as well.
 */
export const PORTABILITY_SCENARIOS: readonly string[] = [
  "backup-restore/asynchronous-slow-link",
  "backup-restore/commands-at-either-end",
  "backup-restore/restore-named-files",
  "backup-restore/torn-bitmap",
  "backup-restore/torn-copy-management-table",
  "backup-restore/trims-and-zeroes",
  "concurrent-restore/orders-of-write-and-copy",
  "detection/misdirected-write-on-the-secondary",
  "journal-recovery/recovery-by-swap",
  "link-suspension/clocks-drift-apart",
  "link-suspension/consistency-group-cut",
  "link-suspension/cut-between-two-bytes-downstream",
  "link-suspension/frames-in-slices",
  "link-suspension/metadata-disk-fails",
  "link-suspension/resets-and-slow-closes",
  "link-suspension/secondary-disk-hangs",
  "link-suspension/takeover-and-fail-back",
  "recorded-programs/sqlite-cut-at-many-points",
  "regressions/connections-that-die-young",
  "smallest/link-suspension",
  "snapshot-resync/interrupted-by-everything",
];
