import {
  after,
  attempt,
  create,
  fill,
  group,
  journal,
  KiB,
  mark,
  ms,
  recover,
  recoverGroup,
  scenario,
  status,
  together,
  wait,
  withJournals,
  write,
} from "../../harness/plan/index.ts";

const VOLUMES = ["log-p", "data-p"] as const;

// The moment was looked for in a window that it had left while the other end of another member was asked; the engine
// ended at once.
export default scenario({
  name: "a member of a group is exchanged for its base while the other end of another member is asked",
  requirements: ["JR-2", "JR-6"],
  topology: withJournals(group(["log", "data"], { sizeBytes: KiB(64), mode: "async", latencyUs: 20_000 }), VOLUMES, {
    group: "g",
    logBytes: KiB(1024),
  }),
  steps: [
    ...VOLUMES.map((volume) => write(volume, fill("the moment of the group"))),
    ...VOLUMES.map((volume) => wait(journal(volume, { state: "logging" }))),
    create("log"),
    wait(status("log", "DUPLEX")),
    mark("m1", VOLUMES),
    ...VOLUMES.map((volume) => write(volume, fill("the moment of the member"))),
    mark("m2", VOLUMES),
    ...VOLUMES.map((volume) => write(volume, fill("what is undone"))),
    together(
      // Which of the two is first is for the world to say: nothing else goes back while one does.
      attempt(recoverGroup("log-p", { to: "m1" }), "JOURNAL_POINT", "RESTORE_RUNS"),
      after(ms(1), attempt(recover("data-p", { to: "m2", method: "swap" }), "RESTORE_RUNS")),
    ),
  ],
  expect: [],
});
