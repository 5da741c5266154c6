import { contestedSchedules } from "./contested-schedules.ts";
import { liveSchedules } from "./live-schedules.ts";
import { randomSchedules } from "./random-schedules.ts";
import type { Schedule } from "./schedule.ts";
import { steadySchedules } from "./steady-schedules.ts";

/** The differential tests of the simulated network. */
export const schedules: readonly Schedule[] = [
  ...steadySchedules,
  ...liveSchedules,
  ...contestedSchedules,
  ...randomSchedules,
];
