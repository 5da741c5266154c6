import {
  after,
  bandwidth,
  converged,
  crash,
  create,
  cut,
  down,
  expectRefused,
  file,
  filesHold,
  heal,
  makeFiles,
  mirror,
  ms,
  oracle,
  progress,
  removeFiles,
  restart,
  resync,
  scenario,
  split,
  status,
  together,
  tornWrite,
  wait,
  when,
  writeFiles,
  written,
} from "../../harness/plan/index.ts";

const kept = [file("/mail/inbox", "of the day", 90_000), file("/mail/sent", "of the day", 30_000)];
const replaced = file("/accounts/2026.dat", "as it was before the mistake", 120_000);
const files = [...kept, replaced];

// Steps 520 to 560 of Fig. 5 by hand: a host at the secondary replaces one file, and the mirror is brought
// together backwards. Power is lost while the file is written, and the link while it is copied back.
export default scenario({
  name: "files of a real file system, replaced at the secondary, reach the primary",
  requirements: ["BR-9", "LS-5"],
  topology: mirror({ mode: "sync" }),
  steps: [
    makeFiles("pvol", [...kept, file(replaced.path, "spoilt", 150_000), file("/accounts/new.dat", "of the day", 5000)]),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    expectRefused(writeFiles("svol", [replaced]), "FILES"),
    split("pair", { secondary: "read-write" }),
    wait(status("pair", "SPLIT")),
    together(
      writeFiles("svol", [replaced]),
      when(written("svol", 2), crash("b", "power"), after(ms(30), restart("b"))),
    ),
    together(
      removeFiles("svol", ["/accounts/new.dat"]),
      tornWrite("svol", { sectors: 1, nth: 1, count: 1 }),
      when(down("b"), after(ms(500), restart("b"))),
    ),
    bandwidth("link", "downstream", 200),
    resync("pair", { direction: "reverse" }),
    when(progress("resync", "pair", 0.5), cut("link")),
    after(ms(30), heal("link")),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [
    converged(),
    filesHold("pvol", files),
    filesHold("svol", files),
    oracle("e2fsck-clean", { volume: "pvol", at: "end" }),
    oracle("e2fsck-clean", { volume: "svol", at: "end" }),
  ],
});
