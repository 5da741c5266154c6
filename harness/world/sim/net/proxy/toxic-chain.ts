import type { Direction } from "../../../world.ts";
import { NetworkError } from "../tcp/network-error.ts";
import { OpQueue } from "./op-queue.ts";
import { checkToxic, checkToxicity, type Toxic } from "./toxic.ts";
import { noToxicEffects, type ToxicEffects } from "./toxic-effects.ts";
import type { ToxicLink } from "./toxic-link.ts";
import type { ToxicSlot } from "./toxic-slot.ts";

/**
 * The toxics of one proxy, and its live links. A change has reached every link of its direction when
 * its promise resolves; until then nothing else changes and no new link starts, because Toxiproxy
 * holds a lock: a link that cannot be interrupted holds up everybody.
 */
export class ToxicChain {
  readonly #slots: Readonly<Record<Direction, ToxicSlot[]>> = { upstream: [firstSlot()], downstream: [firstSlot()] };
  readonly #links: Readonly<Record<Direction, Set<ToxicLink>>> = { upstream: new Set(), downstream: new Set() };
  readonly #lock = new OpQueue();
  readonly #effects = new Map<string, ToxicEffects>();

  /** Every toxic but the hidden first one, upstream before downstream. */
  get toxics(): readonly { readonly direction: Direction; readonly slot: ToxicSlot }[] {
    return (["upstream", "downstream"] as const).flatMap((direction) =>
      this.#slots[direction].slice(1).map((slot) => ({ direction, slot })),
    );
  }

  /** The counters of the toxic that last had `name`; kept when it is deleted. @throws NetworkError UNKNOWN_NAME */
  effectsOf(name: string): Readonly<ToxicEffects> {
    const effects = this.#effects.get(name);
    if (effects === undefined) throw unknownToxic(name);
    return effects;
  }

  /** Starts a link over the chain of its direction, once no change is under way. */
  startLink(direction: Direction, make: (slots: readonly ToxicSlot[]) => ToxicLink, done: () => void): void {
    this.#lock.run((unlock) => {
      this.#links[direction].add(make(this.#slots[direction]));
      unlock();
      done();
    });
  }

  /** The writer of a link is done: once no change is under way, none reaches it any more, and `done` is called. */
  endLink(direction: Direction, link: ToxicLink, done: () => void): void {
    this.#lock.run((unlock) => {
      this.#links[direction].delete(link);
      unlock();
      done();
    });
  }

  /** @throws NetworkError PARAMETER, DUPLICATE_NAME */
  add(name: string, direction: Direction, toxic: Toxic, toxicity: number): Promise<void> {
    const effects = noToxicEffects();
    if (this.#find(name) === undefined) this.#effects.set(name, effects);
    checkToxic(toxic);
    checkToxicity(toxicity);
    return this.#change(() => {
      if (this.#find(name) !== undefined)
        throw new NetworkError("DUPLICATE_NAME", { place: "toxic", found: name, expected: "a name not yet in use" });
      const slots = this.#slots[direction];
      const slot: ToxicSlot = { name, index: slots.length, toxic, toxicity, effects };
      slots.push(slot);
      return { direction, apply: (link, done) => link.add(slot, done) };
    });
  }

  /** @throws NetworkError PARAMETER, UNKNOWN_NAME */
  update(name: string, toxic: Toxic, toxicity: number): Promise<void> {
    checkToxic(toxic);
    checkToxicity(toxicity);
    return this.#change(() => {
      const { direction, slot } = this.#get(name);
      if (slot.toxic.type !== toxic.type)
        throw new NetworkError("PARAMETER", { place: `toxic ${name}`, found: toxic.type, expected: slot.toxic.type });
      slot.toxic = toxic;
      slot.toxicity = toxicity;
      return { direction, apply: (link, done) => link.update(slot, done) };
    });
  }

  /** @throws NetworkError UNKNOWN_NAME */
  remove(name: string): Promise<void> {
    return this.#change(() => {
      const { direction, slot } = this.#get(name);
      const { index } = slot;
      const slots = this.#slots[direction];
      slots.splice(index, 1);
      for (let later = index; later < slots.length; later++) (slots[later] as ToxicSlot).index = later;
      slot.index = -1;
      return { direction, apply: (link, done) => link.remove(slot, index, done) };
    });
  }

  #change(
    begin: () => { readonly direction: Direction; apply(link: ToxicLink, done: () => void): void },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lock.run((unlock) => {
        let change: ReturnType<typeof begin>;
        try {
          change = begin();
        } catch (error) {
          reject(error);
          unlock();
          return;
        }
        const links = [...this.#links[change.direction]];
        let open = links.length + 1;
        const done = (): void => {
          open--;
          if (open > 0) return;
          resolve();
          unlock();
        };
        for (const link of links) change.apply(link, done);
        done();
      });
    });
  }

  #find(name: string): { readonly direction: Direction; readonly slot: ToxicSlot } | undefined {
    return this.toxics.find(({ slot }) => slot.name === name);
  }

  #get(name: string): { readonly direction: Direction; readonly slot: ToxicSlot } {
    const found = this.#find(name);
    if (found === undefined) throw unknownToxic(name);
    return found;
  }
}

function unknownToxic(name: string): NetworkError {
  return new NetworkError("UNKNOWN_NAME", { place: "toxic", found: name, expected: "the name of a toxic" });
}

/** Toxiproxy keeps a hidden stub at the head of every chain, so that there is always one to interrupt. */
function firstSlot(): ToxicSlot {
  return { name: "", index: 0, toxic: { type: "noop" }, toxicity: 0, effects: noToxicEffects() };
}
