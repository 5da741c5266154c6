import type { Condition } from "../condition.ts";
import type {
  AfterStep,
  AttemptStep,
  ExpectRefusedStep,
  LinkBytesStep,
  RepeatStep,
  SequenceStep,
  SteadyStep,
  Step,
  ThroughoutStep,
  TogetherStep,
  WaitStep,
  WhenStep,
} from "../step.ts";

/** Milliseconds; reads well in `after(ms(200), …)`. */
export function ms(count: number): number {
  return count;
}

/** Milliseconds of `count` seconds. */
export function seconds(count: number): number {
  return count * 1000;
}

/** Starts all steps at once; ends when all have ended. */
export function together<const S extends readonly Step[]>(...steps: S): TogetherStep<S[number]> {
  return { kind: "together", steps };
}

/** One step after the other: one branch of `together`. */
export function sequence<const S extends readonly Step[]>(...steps: S): SequenceStep<S[number]> {
  return { kind: "sequence", steps };
}

/** Waits up to 10 s for the condition, then takes the steps; see {@link WhenStep}. */
export function when<const C extends Condition, const S extends readonly Step[]>(
  condition: C,
  ...steps: S
): Omit<WhenStep<S[number]>, "condition"> & { readonly condition: C } {
  return { kind: "when", condition, steps, withinMs: 10_000 };
}

/** Waits, then takes the steps. */
export function after<const S extends readonly Step[]>(delayMs: number, ...steps: S): AfterStep<S[number]> {
  return { kind: "after", delayMs, steps };
}

/** Takes the steps `times` times. */
export function repeat<const S extends readonly Step[]>(times: number, ...steps: S): RepeatStep<S[number]> {
  return { kind: "repeat", times, steps };
}

/** Waits until the condition is true; it fails the run if that takes longer than `withinMs`, 10 s without. */
export function wait<const C extends Condition>(
  condition: C,
  options: { readonly withinMs?: number } = {},
): Omit<WaitStep, "condition"> & { readonly condition: C } {
  return { kind: "wait", condition, withinMs: 10_000, ...options };
}

/** The steady state of the pairs within 60 s, host service and equality of all bytes included; see {@link SteadyStep}. */
export function steady<const P extends string>(
  pairs: readonly P[],
  options: { readonly withinMs?: number } = {},
): SteadyStep<P> {
  return { kind: "steady", pairs, withinMs: 60_000, ...options };
}

/** The command or request must be refused with this code. */
export function expectRefused<const S extends Step>(step: S, code: string): ExpectRefusedStep<S> {
  return { kind: "expect-refused", step, code };
}

/** The command or request may be carried out, or refused with one of these codes: faults beside it decide. */
export function attempt<const S extends Step>(step: S, ...codes: readonly [string, ...string[]]): AttemptStep<S> {
  return { kind: "attempt", step, codes };
}

/** Takes the steps; the condition, a state, is true all the while: the remote mirror stays DUPLEX, for instance. */
export function throughout<const C extends Condition, const S extends readonly Step[]>(
  condition: C,
  ...steps: S
): Omit<ThroughoutStep<S[number]>, "condition"> & { readonly condition: C } {
  return { kind: "throughout", condition, steps };
}

/** Takes the steps; at most `bytesMax` bytes cross the link meanwhile, both ways, whatever they are for (JR-5). */
export function linkBytes<const L extends string, const S extends readonly Step[]>(
  link: L,
  bytesMax: number,
  ...steps: S
): LinkBytesStep<S[number], L> {
  return { kind: "link-bytes", link, bytesMax, steps };
}
