import { crashInEveryState } from "../shared/crash-in-every-state.ts";

// The kernel keeps what was written; the program must find out from its tables alone where it was.
export default crashInEveryState("primary", "kill");
