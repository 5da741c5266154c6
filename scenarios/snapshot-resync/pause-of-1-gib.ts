import { MiB } from "../../harness/plan/index.ts";
import { pauseOfAVolume } from "../shared/pause-of-a-volume.ts";

export default pauseOfAVolume("1 GiB", MiB(1024));
