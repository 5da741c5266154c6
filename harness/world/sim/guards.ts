import { GUARDED, type GuardedFunction } from "./guarded-functions.ts";
import { lookUp, type Owner, Patches } from "./patches.ts";
import type { PumpScope } from "./pump.ts";

const VIOLATIONS_MAX = 100;

/** Code inside a run asked the host for time, randomness or a timer: its next run would differ. */
export class HostAccessError extends Error {
  readonly code = "HOST_ACCESS";
  /** What was called: `Date.now()`. */
  readonly what: string;
  /** File, line and column of the caller. */
  readonly caller: string;

  constructor(what: string, remedy: string, caller: string) {
    super(`${what} inside a simulated run, at ${caller}: expected ${remedy}`);
    this.name = "HostAccessError";
    this.what = what;
    this.caller = caller;
  }
}

/** Takes the violations of the run that has the thread; `undefined` while the harness has it. */
let active: ((error: HostAccessError) => void) | undefined;
let holders = 0;
let patches: Patches | undefined;

/**
 * Makes the host's time, randomness and timers throw {@link HostAccessError} while the code of this
 * run has the thread (between `enter` and `leave`); at all other times they work as ever. Each is
 * patched once, for as long as any `RunGuards` is held; the last `release` restores it. A campaign
 * of many runs holds one for its whole duration, so that a run costs no patching.
 */
export class RunGuards implements PumpScope {
  readonly #violations: HostAccessError[] = [];
  readonly #violated: (error: HostAccessError) => void;
  #held = true;

  /** @param onViolation told at each one, before it is thrown: `(error) => scheduler.fail(error)` */
  constructor(onViolation?: (error: HostAccessError) => void) {
    this.#violated = (error) => {
      if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push(error);
      onViolation?.(error);
    };
    patches ??= patchHost();
    holders++;
  }

  /** The first 100, also those whose exception the code swallowed: any of them fails the run. */
  get violations(): readonly HostAccessError[] {
    return this.#violations;
  }

  enter(): void {
    active = this.#violated;
  }

  leave(): void {
    if (active === this.#violated) active = undefined;
  }

  /** Runs `body` with the host at hand: for the harness's own measuring in the middle of a run. */
  outside<T>(body: () => T): T {
    const entered = active;
    active = undefined;
    try {
      return body();
    } finally {
      active = entered;
    }
  }

  /** Gives the guards up. Idempotent. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.leave();
    holders--;
    if (holders > 0) return;
    patches?.restore();
    patches = undefined;
  }
}

type AnyFunction = (this: unknown, ...parameters: unknown[]) => unknown;

function patchHost(): Patches {
  const made = new Patches();
  try {
    for (const guarded of GUARDED) {
      const owner = lookUp(guarded.owner);
      if (owner === undefined || !(guarded.property in owner)) continue;
      if (guarded.as === "constructor") patchDate(made, owner, guarded);
      else if (guarded.as === "getter") patchGetter(made, owner, guarded);
      else patchFunction(made, owner, guarded);
    }
  } catch (error) {
    made.restore();
    throw error;
  }
  made.sync();
  return made;
}

function patchFunction(made: Patches, owner: Owner, guarded: GuardedFunction): void {
  const original = Reflect.get(owner, guarded.property) as AnyFunction;
  function guard(this: unknown, ...parameters: unknown[]): unknown {
    if (active !== undefined) violate(guarded, guard);
    return Reflect.apply(original, this, parameters);
  }
  // What hangs on the function (its name, its promisified form) stays there.
  Object.defineProperties(guard, Object.getOwnPropertyDescriptors(original));
  made.set(owner, guarded.property, { value: guard, writable: true, configurable: true });
}

function patchGetter(made: Patches, owner: Owner, guarded: GuardedFunction): void {
  const value: unknown = Reflect.get(owner, guarded.property);
  function guard(): unknown {
    if (active !== undefined) violate(guarded, guard);
    return value;
  }
  made.set(owner, guarded.property, { get: guard, configurable: true });
}

/** Without arguments the constructor reads the time; with arguments it only computes. */
function patchDate(made: Patches, owner: Owner, guarded: GuardedFunction): void {
  const original = Reflect.get(owner, guarded.property) as AnyFunction & { readonly prototype: Owner };
  function guard(...parameters: unknown[]): unknown {
    const asConstructor = new.target as unknown as AnyFunction | undefined;
    if (active !== undefined && (asConstructor === undefined || parameters.length === 0)) violate(guarded, guard);
    if (asConstructor === undefined) return Reflect.apply(original, undefined, parameters);
    return Reflect.construct(original, parameters, asConstructor === guard ? original : asConstructor);
  }
  Object.defineProperties(guard, Object.getOwnPropertyDescriptors(original));
  made.set(owner, guarded.property, { value: guard, writable: true, configurable: true });
  made.set(original.prototype, "constructor", { value: guard, writable: true, configurable: true });
}

function violate(guarded: GuardedFunction, guard: AnyFunction | (() => unknown)): never {
  const error = new HostAccessError(guarded.what, guarded.remedy, callerOf(guard));
  active?.(error);
  throw error;
}

interface StackCapture {
  captureStackTrace?(target: object, above: unknown): void;
  stackTraceLimit?: number;
}

/** Place of the first frame that called `guard` and is not the runtime's own. */
function callerOf(guard: unknown): string {
  const capture = Error as StackCapture;
  const limit = capture.stackTraceLimit;
  if (limit !== undefined) capture.stackTraceLimit = 16;
  const trace: { stack?: string } = {};
  // Elsewhere than in V8 the stack begins with our own frames; the first lines tell the caller all the same.
  if (capture.captureStackTrace === undefined) trace.stack = new Error("caller").stack ?? "";
  else capture.captureStackTrace(trace, guard);
  if (limit !== undefined) capture.stackTraceLimit = limit;
  const frames = (trace.stack ?? "").split("\n").filter((line) => /:\d+:\d+\)?$/.test(line) && !line.includes("node:"));
  const frame = frames[0] ?? "an unknown place";
  return frame
    .replace(/^\s*at (?:.*\()?/, "")
    .replace(/\)$/, "")
    .replace(/^file:\/\//, "");
}
