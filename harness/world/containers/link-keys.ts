import { type KeyPair, makeKeys } from "../../../engine/node/keys/make-keys.ts";
import { MACHINE_FOLDER } from "./machine/machine.ts";

/** Where an engine finds them in its machine. */
const FOLDER = `${MACHINE_FOLDER}/keys`;

/** The part `tls` of an engine's configuration. */
export const LINK_TLS = { ca: `${FOLDER}/ca.crt`, cert: `${FOLDER}/system.crt`, key: `${FOLDER}/system.key` } as const;

/** The private authority of a stage, and the keys of the systems of its worlds, as `resilver keys` makes them. */
export class LinkKeys {
  readonly #authority: KeyPair;
  readonly #pairs = new Map<string, Promise<KeyPair>>();

  private constructor(authority: KeyPair) {
    this.#authority = authority;
  }

  static async create(): Promise<LinkKeys> {
    return new LinkKeys((await makeKeys([])).authority);
  }

  /** What a system is given beside its configuration: path in its container → content. */
  async filesOf(system: string): Promise<Readonly<Record<string, string>>> {
    const pair = this.#pairs.get(system) ?? this.#make(system);
    this.#pairs.set(system, pair);
    const { cert, key } = await pair;
    return { [LINK_TLS.ca]: this.#authority.cert, [LINK_TLS.cert]: cert, [LINK_TLS.key]: key };
  }

  async #make(system: string): Promise<KeyPair> {
    const { systems } = await makeKeys([system], { authority: this.#authority });
    const pair = systems.get(system);
    if (pair === undefined) throw new Error(`no keys were made for ${system}`);
    return pair;
  }
}
