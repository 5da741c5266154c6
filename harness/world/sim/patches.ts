/** An object whose properties can be replaced. */
export type Owner = object;

/** Where an owner is found: a built-in module's name, or a global's, then properties; `[]` is the global object. */
export type OwnerPath = readonly string[];

interface Host {
  readonly process?: { getBuiltinModule?(name: string): BuiltinModule | undefined };
}

interface BuiltinModule {
  /** Of `node:module`. */
  syncBuiltinESMExports?(): void;
}

/** A built-in module of the runtime, without importing it; `undefined` where there is none. */
function builtin(name: string): BuiltinModule | undefined {
  return (globalThis as unknown as Host).process?.getBuiltinModule?.(name);
}

/** The object at `path`; `undefined` if this runtime has none there. */
export function lookUp(path: OwnerPath): Owner | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return globalThis;
  let owner: unknown = first.startsWith("node:") ? builtin(first) : Reflect.get(globalThis, first);
  for (const name of rest) owner = isOwner(owner) ? Reflect.get(owner, name) : undefined;
  return isOwner(owner) ? owner : undefined;
}

function isOwner(value: unknown): value is Owner {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

interface Patch {
  readonly owner: Owner;
  readonly property: string;
  /** What the owner itself had; `undefined` if it inherited the property. */
  readonly before: PropertyDescriptor | undefined;
  readonly set: PropertyDescriptor;
}

/** Properties replaced for a while. */
export class Patches {
  readonly #made: Patch[] = [];

  /** @throws Error if the property cannot be replaced: then the guard would not guard. */
  set(owner: Owner, property: string, set: PropertyDescriptor): void {
    const before = Reflect.getOwnPropertyDescriptor(owner, property);
    const full = { enumerable: before?.enumerable ?? false, ...set };
    if (!Reflect.defineProperty(owner, property, full))
      throw new Error(`cannot guard ${property}: it is not configurable`);
    this.#made.push({ owner, property, before, set: full });
  }

  /** Carries the present state over to `import { … } from "node:…"`, which hold copies. */
  sync(): void {
    const module = builtin("node:module");
    module?.syncBuiltinESMExports?.();
  }

  /** Puts everything back, latest first; a property that somebody replaced since is left to them. */
  restore(): void {
    for (const { owner, property, before, set } of this.#made.toReversed()) {
      const now = Reflect.getOwnPropertyDescriptor(owner, property);
      if (now === undefined || now.value !== set.value || now.get !== set.get) continue;
      if (before === undefined) Reflect.deleteProperty(owner, property);
      else Reflect.defineProperty(owner, property, before);
    }
    this.#made.length = 0;
    this.sync();
  }
}
