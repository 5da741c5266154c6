import { crashInEveryState } from "../shared/crash-in-every-state.ts";

// What the secondary acknowledged and had not flushed is lost: its primary must still know which tracks.
export default crashInEveryState("secondary", "power");
