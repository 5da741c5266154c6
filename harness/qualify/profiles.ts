import type { Level, ProfileHead } from "../history/qualification.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import type { Capability } from "../target/capability.ts";

/** A set of requirements that a kind of product has to fulfil. */
export interface Profile extends ProfileHead {
  readonly requires: readonly Capability[];
  /** Scenarios that need anything else are of other profiles. */
  readonly covers: readonly Capability[];
  readonly levels: Readonly<Record<string, Level>>;
}

const ADMINISTRATION = ["split", "resync-reverse", "takeover", "failback", "delete"] as const;

/** What any mirror has to do, whenever it acknowledges. */
const MIRROR: Readonly<Record<string, Level>> = {
  "LS-3": "MUST",
  "LS-5": "MUST",
  "LS-7": "MUST",
  "BR-2": "MUST",
  "BR-4": "MUST",
  "SR-6": "MUST",
  "LS-6": "SHOULD",
  "BR-1": "SHOULD",
  "BR-3": "SHOULD",
};

const RESTORES = ["CR-1", "CR-2", "CR-3", "CR-4", "CR-5", "CR-6", "CR-7", "CR-8"];
const BACKUPS = ["BR-2", "BR-5", "BR-6", "BR-7", "BR-8", "BR-9", "BR-10"];

/** Those of `resilver qualify --profile`. */
export const PROFILES: readonly Profile[] = [
  {
    name: "sync-mirror",
    title: "Synchronous remote mirror",
    requires: ["sync"],
    covers: ["sync", ...ADMINISTRATION],
    levels: { ...MIRROR, "BR-12": "SHOULD" },
  },
  {
    name: "async-mirror",
    title: "Asynchronous remote mirror",
    requires: ["async"],
    covers: ["async", ...ADMINISTRATION],
    levels: MIRROR,
  },
  {
    name: "backup",
    title: "Backups of a mirrored volume, and restores from them",
    requires: ["local-mirror"],
    covers: ["sync", "async", "local-mirror", ...ADMINISTRATION],
    levels: {
      ...levels(BACKUPS, "MUST"),
      ...levels(RESTORES, "MUST"),
      "BR-11": "SHOULD",
      "BR-12": "SHOULD",
    },
  },
  {
    name: "full",
    title: "Everything that the suite asks of an engine",
    requires: ["sync", "async", "local-mirror", "image", "journal"],
    covers: ["sync", "async", "local-mirror", "image", "journal", "tracker-lsn", "pending-bitmap", ...ADMINISTRATION],
    levels: levels(
      REQUIREMENTS.filter(({ elsewhere }) => elsewhere === undefined).map(({ id }) => id),
      "MUST",
    ),
  },
];

function levels(ids: readonly string[], level: Level): Record<string, Level> {
  return Object.fromEntries(ids.map((id) => [id, level]));
}
