import { after, bandwidth, cut, heal, ms, progress, step, when } from "../../harness/plan/index.ts";
import { restoring } from "../shared/restoring.ts";

// Fig. 5. The link is lost while the files are copied back to the primary.
export default restoring({
  name: "named files are restored from a backup, and no other file changes",
  requirements: ["BR-9"],
  mode: "sync",
  what: "named",
  meanwhile: [
    when(step("b", "restoring.files"), bandwidth("link", "downstream", 500)),
    when(progress("resync", "pair", 0.4), cut("link"), after(ms(40), heal("link"))),
  ],
});
