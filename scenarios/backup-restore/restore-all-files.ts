import { after, bandwidth, cut, heal, ms, progress, step, when } from "../../harness/plan/index.ts";
import { restoring } from "../shared/restoring.ts";

// Fig. 6. That all files were named is noticed, and the volume is restored whole: locally, then back over the link.
export default restoring({
  name: "a volume whose files are all named is restored whole",
  requirements: ["BR-10"],
  mode: "sync",
  what: "whole",
  meanwhile: [
    when(step("b", "restoring.volume"), bandwidth("link", "downstream", 500)),
    when(progress("resync", "pair", 0.4), cut("link"), after(ms(40), heal("link"))),
  ],
});
