import {
  after,
  converged,
  create,
  fill,
  group,
  heal,
  KiB,
  ms,
  resync,
  scenario,
  sequence,
  split,
  stall,
  status,
  step,
  together,
  wait,
  when,
  write,
} from "../../harness/plan/index.ts";

const AGAIN = { wasSplit: true, isCopyLong: false, direction: "reverse" } as const;

// What a system says of itself arrives ahead of a split, which waits for the data of all pairs before it. So a copy was split
// in its middle, or when it was through and at one end alone; and an end that was DUPLEX still did not hear of the resync.
export default scenario({
  name: "a resync is given while a split waits at the secondary behind data: the split is carried out first",
  requirements: ["BR-2", "LS-5"],
  topology: group(["log", "data"], { sizeBytes: KiB(64), mode: "async" }),
  steps: [
    create("log"),
    create("data"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...[
      AGAIN,
      { ...AGAIN, isCopyLong: true },
      { ...AGAIN, wasSplit: false },
      { ...AGAIN, wasSplit: false, direction: "forward" as const },
    ].flatMap(({ wasSplit, isCopyLong, direction }) => [
      ...(wasSplit ? [split("log", { secondary: "read-write" }), wait(status("log", "SPLIT"))] : []),
      write("log-p", fill("of the primary")),
      ...(wasSplit ? [write("log-s", fill("of the secondary"))] : []),
      stall("data-s", ["write"]),
      ...(isCopyLong ? [stall("log-s", ["read"])] : []),
      write("data-p", fill("in the way")),
      together(
        // It is given to a split that was taken, in whichever world.
        when(step("a", "pair.split"), after(ms(2), resync("log", { direction }))),
        split("log", { secondary: "read-write" }),
        sequence(after(ms(30), heal("data-s")), ...(isCopyLong ? [after(ms(30), heal("log-s"))] : [])),
      ),
      wait(status("log", "DUPLEX")),
      wait(status("data", "DUPLEX")),
    ]),
    write("log-p", fill("after it")),
  ],
  expect: [converged()],
});
