import {
  after,
  attempt,
  backup,
  cascade,
  converged,
  create,
  cut,
  fill,
  heal,
  MiB,
  ms,
  resync,
  resyncBytes,
  scenario,
  status,
  step,
  throughout,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

const again = [attempt(resync("gen1"), "ILLEGAL_TRANSITION"), wait(status("gen1", "DUPLEX"))] as const;
const cutAndHeal = [cut("link"), after(ms(20), heal("link"))] as const;

// Whatever becomes of the command, the backup is the primary at its moment, or there is none.
export default scenario({
  name: "backup of one generation under writes; the link is cut at each step of it",
  requirements: ["BR-5", "BR-6"],
  topology: cascade({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirrors")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    // Undisturbed: the remote mirror is never broken.
    throughout(
      status("pair", "DUPLEX"),
      together(workload("pvol", { writes: 60 }), when(written("pvol", 30), backup({ mirrors: ["gen1"] }))),
    ),
    wait(status("gen1", "SPLIT")),
    ...again,
    // The command is on its way.
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 30), attempt(backup({ mirrors: ["gen1"] }), "UNANSWERED", "LINK_DOWN")),
      when(step("a", "backup.issued"), ...cutAndHeal),
    ),
    wait(status("pair", "DUPLEX")),
    ...again,
    // It has arrived, and the mirror is being split.
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 30), attempt(backup({ mirrors: ["gen1"] }), "UNANSWERED")),
      when(step("b", "backup.splitting"), ...cutAndHeal),
    ),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "SPLIT")),
    ...again,
    // It is split, and the answer is lost.
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 30), attempt(backup({ mirrors: ["gen1"] }), "UNANSWERED")),
      when(step("b", "local.split"), ...cutAndHeal),
    ),
    wait(status("gen1", "SPLIT")),
  ],
  expect: [converged(), resyncBytes("link")],
});
