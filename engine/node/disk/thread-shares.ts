import { readdirSync, readFileSync } from "node:fs";

/** For everything that is no disk: names of hosts are looked up there. */
const THREADS_SPARE = 2;
/** So many requests a disk has with the pool at a time. */
const THREADS_A_DISK = 4;
/** Enough for 15 disks; threads that nobody uses cost next to nothing. */
const THREADS_WANTED = 64;

let taken = 0;

/** Threads of the pool that one disk may block without anybody else noticing. */
export interface ThreadShare {
  readonly threads: number;
  release(): void;
}

/** Asks for a pool that has threads for many disks. It must be called before anything uses the pool. */
export function wantThreads(): void {
  process.env["UV_THREADPOOL_SIZE"] ??= String(THREADS_WANTED);
}

/**
 * Takes a share of the thread pool that all of Node.js has in common, if there is one left. The pool must
 * have been used before: it is made then.
 */
export function takeThreads(): ThreadShare | undefined {
  if (poolThreads() - THREADS_SPARE - taken < THREADS_A_DISK) return undefined;
  taken += THREADS_A_DISK;
  let held = true;
  return {
    threads: THREADS_A_DISK,
    release: () => {
      if (held) taken -= THREADS_A_DISK;
      held = false;
    },
  };
}

/** Counted, not taken from a setting: one that came too late for the pool would be believed. 0 if they have no name. */
function poolThreads(): number {
  const threads = "/proc/self/task";
  let count = 0;
  for (const id of readdirSync(threads)) {
    try {
      if (readFileSync(`${threads}/${id}/comm`, "utf8") === "libuv-worker\n") count++;
    } catch {
      // It ended meanwhile, so it is none of them.
    }
  }
  return count;
}
