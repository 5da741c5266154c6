import { crashInEveryState } from "../shared/crash-in-every-state.ts";

export default crashInEveryState("secondary", "kill", "async");
