import { after, crash, cut, down, heal, ms, restart, step, tornWrite, when } from "../../harness/plan/index.ts";
import { lossesOnTheWay, restoring, slowWayBack } from "../shared/restoring.ts";

// Step by step of Fig. 5: the link is lost at the split, the secondary loses power while a file is
// written, tears one write and dies of it, and both systems lose power while the files cross the link.
export default restoring({
  name: "named files are restored through lost links, power losses of both systems and a torn write",
  requirements: ["BR-9", "LS-5"],
  mode: "async",
  what: "named",
  meanwhile: [
    when(step("b", "restoring.begin"), cut("link"), after(ms(40), heal("link"))),
    when(step("b", "restoring.split"), tornWrite("spvol", { sectors: 3, nth: 4, count: 1 })),
    when(
      step("b", "restoring.file", 2),
      crash("b", "power"),
      after(ms(30), restart("b")),
      when(down("b"), restart("b")),
    ),
    when(step("b", "restoring.file"), slowWayBack),
    lossesOnTheWay("restoring.files"),
  ],
});
