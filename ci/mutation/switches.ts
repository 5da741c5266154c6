// Instrumented files import this. Its two functions have the names that Stryker's instrumenter calls; it calls them with
// numbers in quotes, which `placeInstrumented` takes away, as they are called millions of times.

const MUTANTS_MAX = 65_536;

let activeId = NaN;
/** By mutant: 1 if it was reached. */
let reached: Uint8Array | undefined;

/** Makes one mutant the source, and no other. @param id "" for the source as it is */
export function activate(id: string): void {
  activeId = id === "" ? NaN : Number(id);
}

/** Notes which mutants are reached from now on. */
export function collect(): void {
  reached = new Uint8Array(MUTANTS_MAX);
}

/** Notes no more. @returns those that were reached since it was asked for */
export function collected(): string[] {
  const ids: string[] = [];
  for (const [id, was] of (reached ?? new Uint8Array()).entries()) if (was === 1) ids.push(String(id));
  reached = undefined;
  return ids;
}

export function stryMutAct_9fa48(id: number): boolean {
  return id === activeId;
}

export function stryCov_9fa48(...ids: readonly number[]): void {
  if (reached !== undefined) for (const id of ids) reached[id] = 1;
}
