import type { AnyFault } from "../../fault/index.ts";

/** How far containers can have a fault of the simulated world. */
export interface Realisation {
  readonly how: "realised" | "approximated" | "impossible";
  /** What is different; "" for nothing. */
  readonly why: string;
}

const AT_ABOUT = "it strikes some milliseconds later than asked for";
const SAME_MODEL = "the disk model of the simulated world, over NBD";
const NO_CLOCK: Realisation = { how: "impossible", why: "containers have the clock of their machine" };
const TOXIC: Realisation = { how: "realised", why: AT_ABOUT };
const DISK: Realisation = { how: "realised", why: SAME_MODEL };

/** By kind of fault. */
export const REALISATIONS: Readonly<Record<AnyFault["kind"], Realisation>> = {
  cut: TOXIC,
  hold: TOXIC,
  latency: TOXIC,
  bandwidth: TOXIC,
  slicer: TOXIC,
  "limit-data": TOXIC,
  timeout: TOXIC,
  "slow-close": TOXIC,
  "reset-peer": TOXIC,
  crash: { how: "realised", why: `SIGKILL; power loss by ${SAME_MODEL}; ${AT_ABOUT}` },
  pause: { how: "realised", why: AT_ABOUT },
  "clock-step": NO_CLOCK,
  "clock-drift": NO_CLOCK,
  eio: DISK,
  enospc: DISK,
  "lost-write": DISK,
  "misdirected-write": DISK,
  "bit-flip": DISK,
  "bit-rot": DISK,
  stall: DISK,
  "torn-write": { how: "approximated", why: "the engine lives on for some milliseconds, with disks that never answer" },
};
