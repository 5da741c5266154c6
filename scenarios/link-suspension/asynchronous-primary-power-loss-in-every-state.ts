import { crashInEveryState } from "../shared/crash-in-every-state.ts";

export default crashInEveryState("primary", "power", "async");
