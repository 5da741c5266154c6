import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

/** Below this much free memory-backed space a few images of a database volume may not fit. */
const MEMORY_ROOM_BYTES = 1024 * 1024 * 1024;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const open = new Set<Scratch>();

/**
 * A directory for images, in memory where there is room. It is removed by `close`, at the end of the
 * process and at a signal that ends it; only SIGKILL leaves it.
 */
export class Scratch {
  readonly directory: string;

  constructor(parent: string = roomyParent()) {
    this.directory = mkdtempSync(join(parent, "resilver-oracle-"));
    if (open.size === 0) listen();
    open.add(this);
  }

  /** Idempotent. */
  close(): void {
    if (!open.delete(this)) return;
    if (open.size === 0) stopListening();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function roomyParent(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (bavail * bsize >= MEMORY_ROOM_BYTES) return "/dev/shm";
  } catch {
    // Not Linux, or not mounted.
  }
  return tmpdir();
}

function listen(): void {
  process.on("exit", closeAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopListening(): void {
  process.off("exit", closeAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function closeAll(): void {
  for (const scratch of open) scratch.close();
}

function onSignal(signal: NodeJS.Signals): void {
  // Whoever else listens decides when the process ends, and may still want its images.
  if (process.listenerCount(signal) > 1) return;
  closeAll();
  // What would have happened without this listener: the shell sees 128 + the signal's number.
  process.exit(128 + constants.signals[signal]);
}
