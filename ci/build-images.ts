import { existsSync } from "node:fs";
import { programImage } from "../harness/world/containers/program-image.ts";

/** The images of the programs that `npm run build` bundled. An image that is there is not built again. */
for (const program of ["engine", "fault-disk"] as const) {
  if (existsSync(`dist/${program}`)) console.log(await programImage(program));
}
