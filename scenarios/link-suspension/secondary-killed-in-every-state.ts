import { crashInEveryState } from "../shared/crash-in-every-state.ts";

// The secondary comes back with everything that it applied, and with no memory of what it acknowledged.
export default crashInEveryState("secondary", "kill");
