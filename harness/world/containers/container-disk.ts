import type { DiskChange, DiskView } from "../run-world.ts";
import { SparseBytes } from "../sim/disk/index.ts";
import type { DiskFault, Effects, Injection, WorldDisk } from "../world.ts";
import type { DiskStore, StoredChange, StoredFault } from "./disk-store.ts";
import type { Operations } from "./operations.ts";

/** One disk in the store: what it held when somebody last looked, and the faults that it is given. */
export class ContainerDisk implements WorldDisk {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #content: SparseBytes;
  readonly #store: DiskStore;
  readonly #operations: Operations;
  readonly #changeListeners: ((change: DiskChange) => void)[] = [];
  readonly #writeListeners = new Set<() => void>();
  #writes = 0;
  #latestFault = "";

  constructor(name: string, sizeBytes: number, store: DiskStore, operations: Operations) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.#content = new SparseBytes(sizeBytes);
    this.#store = store;
    this.#operations = operations;
  }

  get view(): DiskView {
    return this.#content;
  }

  onChange(listener: (change: DiskChange) => void): void {
    this.#changeListeners.push(listener);
  }

  onWrite(listener: () => void): () => void {
    this.#writeListeners.add(listener);
    return () => this.#writeListeners.delete(listener);
  }

  /** The kind of the fault that may have struck here; which sectors it spoiled is not asked. */
  get latestFault(): string | undefined {
    return this.#latestFault === "" ? undefined : this.#latestFault;
  }

  /** Takes in what the store said. */
  changed({ data, ...change }: StoredChange): void {
    if (data === undefined) this.#content.zero(change.offsetBytes, change.lengthBytes);
    else this.#content.put(change.offsetBytes, data);
    for (const listener of this.#changeListeners) listener(change);
  }

  /** @param writes so far */
  wrote(writes: number): void {
    for (; this.#writes < writes; this.#writes++) for (const listener of [...this.#writeListeners]) listener();
  }

  inject(fault: DiskFault): Injection {
    let stored: StoredFault | undefined;
    let effects: Effects = { requests: 0 };
    void this.#operations.do(async () => {
      this.#latestFault = fault.kind;
      stored = await this.#store.inject(this.name, fault);
      effects = await stored.effects();
    });
    return {
      heal: () =>
        void this.#operations.do(async () => {
          effects = (await stored?.heal()) ?? effects;
        }),
      effects: () => effects,
    };
  }
}
