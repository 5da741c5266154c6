import { crashInEveryState } from "../shared/crash-in-every-state.ts";

// Unflushed sectors are kept or lost one by one: a durable intent names every track that may now differ.
export default crashInEveryState("primary", "power");
