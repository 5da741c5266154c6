import type { Level, ProfileHead } from "../history/qualification.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import type { Capability } from "../target/capability.ts";

/** A set of requirements that a kind of product has to fulfil. */
export interface Profile extends ProfileHead {
  readonly requires: readonly Capability[];
  /** Scenarios that need one of these are of other profiles. */
  readonly without: readonly Capability[];
  readonly levels: Readonly<Record<string, Level>>;
}

/** What a mirror is not about. */
const BEYOND_MIRRORS = ["local-mirror", "image", "journal", "tracker-lsn"] as const;

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
    without: ["async", ...BEYOND_MIRRORS],
    levels: { ...MIRROR, "BR-12": "SHOULD" },
  },
  {
    name: "async-mirror",
    title: "Asynchronous remote mirror",
    requires: ["async"],
    without: ["sync", ...BEYOND_MIRRORS],
    levels: MIRROR,
  },
  {
    name: "backup",
    title: "Backups of a mirrored volume, and restores from them",
    requires: ["local-mirror"],
    without: ["image", "journal", "tracker-lsn"],
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
    without: [],
    levels: levels(
      REQUIREMENTS.filter(({ elsewhere }) => elsewhere === undefined).map(({ id }) => id),
      "MUST",
    ),
  },
];

function levels(ids: readonly string[], level: Level): Record<string, Level> {
  return Object.fromEntries(ids.map((id) => [id, level]));
}
