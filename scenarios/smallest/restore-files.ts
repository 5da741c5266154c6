import { restoringTwoFiles } from "../shared/restoring-two-files.ts";

// Fig. 5.
export default restoringTwoFiles("smallest: one file of a backup is restored, the other stays as it is", "BR-9");
