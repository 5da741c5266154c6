import { restoringTwoFiles } from "../shared/restoring-two-files.ts";

// Fig. 6.
export default restoringTwoFiles("smallest: a volume with files is restored whole", "BR-10");
