import { after, crash, down, ms, restart, step, tornWrite, when } from "../../harness/plan/index.ts";
import { lossesOnTheWay, restoring, slowWayBack } from "../shared/restoring.ts";

// Step by step of Fig. 6: the secondary tears a write of the local restore and loses power in the midst of it;
// then the link is lost and both systems lose power while the volume crosses the link.
export default restoring({
  name: "a whole volume, newer files and all, is restored through a torn write, power losses of both systems and a lost link",
  requirements: ["BR-10", "CR-8", "LS-5"],
  mode: "async",
  what: "all",
  before: [slowWayBack],
  meanwhile: [
    when(
      // Before the split, after which in real time a volume may be there before anybody can tear a write of it.
      step("b", "restoring.begin"),
      tornWrite("spvol", { sectors: 5, nth: 3, count: 1 }),
      when(down("b"), restart("b")),
    ),
    when(step("b", "restore.resumed"), crash("b", "power"), after(ms(30), restart("b"))),
    lossesOnTheWay("restoring.volume"),
  ],
});
