import type { Toxic } from "./toxic.ts";
import type { ToxicEffects } from "./toxic-effects.ts";
import type { LiveToxic } from "./toxic-live.ts";

/** A toxic of a proxy: what runs at one place in the chain of every link of its direction. */
export interface ToxicSlot extends LiveToxic<Toxic> {
  readonly name: string;
  /** Its place in the chain; -1 once deleted. */
  index: number;
  toxic: Toxic;
  toxicity: number;
  readonly effects: ToxicEffects;
}
