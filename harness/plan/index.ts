export { cascade, cascadeGroup, collection, type Generations, localMirror } from "./cascade.ts";
export { type Condition, describeCondition } from "./condition.ts";
export type { Expectation } from "./expectation.ts";
export { planJsonSchema } from "./json-schema.ts";
export { group, KiB, type MirrorOptions, MiB, mirror, type VolumeOptions } from "./mirror.ts";
export { PLAN_SCHEMA_VERSION, type Plan, parsePlan, planSchema } from "./plan.ts";
export { PlanError } from "./plan-error.ts";
export type { Step } from "./step.ts";
export type { Names, NamesOf, Topology } from "./topology.ts";
export { type ImageOptions, withImages, withJournals, withLocalMirrors, withTracker } from "./extras.ts";
export {
  backup,
  create,
  deletePair,
  failback,
  mark,
  readImage,
  recover,
  recoverGroup,
  restore,
  resync,
  rollback,
  split,
  takeover,
} from "./dsl/administration.ts";
export {
  connected,
  diskWrite,
  down,
  exactly,
  image,
  journal,
  progress,
  restored,
  sent,
  status,
  step,
  written,
} from "./dsl/conditions.ts";
export { dismount, file, filesHold, makeFiles, mount, removeFiles, restoreFiles, writeFiles } from "./dsl/files.ts";
export {
  after,
  attempt,
  expectRefused,
  linkBytes,
  ms,
  repeat,
  seconds,
  sequence,
  steady,
  throughout,
  together,
  wait,
  when,
} from "./dsl/control.ts";
export { bitFlip, bitRot, eio, enospc, lostWrite, misdirectedWrite, stall, tornWrite } from "./dsl/disks.ts";
export { converged, holds, oracle, pauseAtMost, resyncBytes, sameAs, unchanged, violates } from "./dsl/expectations.ts";
export { fill, flush, read, trace, trim, workload, write, writeZeroes } from "./dsl/host-io.ts";
export {
  bandwidth,
  cut,
  heal,
  hold,
  labelled,
  latency,
  limitData,
  release,
  resetPeer,
  slicer,
  slowClose,
  timeout,
} from "./dsl/links.ts";
export { crash, driftClock, pause, restart, resume, stepClock } from "./dsl/processes.ts";
export { scenario } from "./dsl/scenario.ts";
