/**
 * What a target may be able to do, and what each means. A scenario that needs more than its target declares is
 * NOT_APPLICABLE; what is declared is held against it.
 */
export const CAPABILITIES = {
  sync: "a synchronous pair: while it is DUPLEX, an acknowledged write is at both ends",
  async: "an asynchronous pair: the secondary follows; while it says that it is consistent, it is some moment of the primary",
  split: "the command split: the pair is suspended until the command resync, and what is written meanwhile is not lost",
  "split-read-write": "split with the secondary open to hosts' writes, which a resync discards",
  "resync-reverse": "the command resync with a direction: the secondary's content is kept instead",
  takeover: "the command takeover: the secondary serves hosts while the other end is gone",
  failback: "the command failback: the roles of a DUPLEX pair are swapped",
  delete: "the command delete: a split pair is forgotten",
  "consistency-group": "pairs over one link keep one order among them",
  "pending-bitmap": "tells which tracks the other end may lack",
  "tracker-lsn": "updates are remembered by number instead of by bitmap (LS-3)",
  "local-mirror": "local mirrors, backups of one moment, and restores from them",
  image: "images of a volume as of a suspension",
  journal: "journals, and recovery to any moment in their window",
  "read-secondary": "hosts may read the secondary of a pair that is DUPLEX",
  trim: "hosts may trim, and write zeroes; what was trimmed reads as zeroes at once",
  "volume-disk":
    "keeps the bytes of each volume on the disk that it is given for it, so that losses of power, its faults and large volumes can be tested; without it, a node serves the copies that it keeps",
  "meta-disk": "keeps its own tables on the disk that it is given for them, so that its faults can be tested",
  "link-traffic": "counts the bytes that arrive over each link",
  "engine-steps": "tells of its steps, by the names that the engine of this project gives them",
  "refusal-codes": "refuses commands with the codes of docs/errors.md",
} as const satisfies Readonly<Record<string, string>>;

/** One of them. */
export type Capability = keyof typeof CAPABILITIES;

/** Their names, in the order in which they are told. */
export const CAPABILITY_NAMES = Object.keys(CAPABILITIES) as [Capability, ...Capability[]];

/** Of what is needed, what a target lacks; "" for nothing. */
export function lackOf(target: { readonly name: string; readonly capabilities: ReadonlySet<Capability> }, needed: ReadonlySet<Capability>): string {
  const missing = [...needed].filter((capability) => !target.capabilities.has(capability));
  return missing.length === 0 ? "" : `the target ${target.name} cannot: ${missing.join(", ")}`;
}
