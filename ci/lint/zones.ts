/** A part of the tree with its own rule of what it may import. Longest matching folder wins. */
interface Zone {
  /** From the root of the repository, with the slash at its end. */
  readonly folder: string;
  /** Folders and files that its files may import, besides the zone itself. */
  readonly mayImport: readonly string[];
  /** True if its files use Node.js; otherwise they also run in a browser. */
  readonly needsNode: boolean;
}

/** What the harness knows of the engine. */
const ENGINE_SURFACE = ["engine/ports/", "engine/controller/", "engine/errors.ts"];

const ZONES: readonly Zone[] = [
  { folder: "engine/", mayImport: [], needsNode: false },
  { folder: "engine/node/", mayImport: ["engine/"], needsNode: true },
  { folder: "harness/", mayImport: ENGINE_SURFACE, needsNode: false },
  {
    folder: "harness/cli/",
    mayImport: [
      ...ENGINE_SURFACE,
      "harness/",
      "harness/hunt/",
      "harness/qualify/",
      "harness/queue/",
      "harness/world/containers/",
    ],
    needsNode: true,
  },
  // What a qualification comes to, its bundle and its attestation.
  { folder: "harness/qualify/", mayImport: [...ENGINE_SURFACE, "harness/"], needsNode: true },
  // Programs that the tests of the command line run: put together as `program.ts` is, so they see what it sees.
  {
    folder: "harness/cli/fixtures/",
    mayImport: [...ENGINE_SURFACE, "harness/", "harness/cli/", "harness/hunt/", "reports/"],
    needsNode: true,
  },
  // Campaigns of many machines: the only folder that knows pg-boss and PostgreSQL.
  {
    folder: "harness/queue/",
    mayImport: [...ENGINE_SURFACE, "harness/", "harness/hunt/"],
    needsNode: true,
  },
  // The tests run real programs against a real server, as `program.ts` puts them together.
  {
    folder: "harness/queue/fixtures/",
    mayImport: [
      ...ENGINE_SURFACE,
      "harness/",
      "harness/cli/",
      "harness/cli/fixtures/",
      "harness/hunt/",
      "harness/queue/",
      "reports/",
    ],
    needsNode: true,
  },
  {
    folder: "harness/hunt/",
    mayImport: [...ENGINE_SURFACE, "harness/"],
    needsNode: true,
  },
  // What tests of others import: commands, hunts and reports as plain functions.
  {
    folder: "harness/vitest/",
    mayImport: [...ENGINE_SURFACE, "harness/", "harness/cli/", "harness/hunt/", "reports/", "scenarios/"],
    needsNode: true,
  },
  { folder: "harness/world/containers/", mayImport: ["engine/", "engine/node/", "harness/"], needsNode: true },
  { folder: "reports/", mayImport: ["harness/history/", "reports/page/"], needsNode: true },
  // The page is a program of its own, in a browser; what it knows of a replayed run is plain data.
  {
    folder: "reports/page/",
    mayImport: ["harness/history/", "harness/replay/recording.ts", "harness/replay/replay-messages.ts"],
    needsNode: false,
  },
  // Adapters of outside engines: each is copied into containers as it is, so it imports nothing.
  { folder: "targets/", mayImport: [], needsNode: true },
  { folder: "scenarios/", mayImport: ["engine/", "harness/"], needsNode: true },
  {
    folder: "ci/",
    mayImport: [
      "engine/",
      "engine/node/",
      "harness/",
      "harness/cli/",
      "harness/cli/fixtures/",
      "harness/hunt/",
      "harness/qualify/",
      "harness/queue/",
      "harness/queue/fixtures/",
      "harness/world/containers/",
      "reports/",
      "reports/page/",
      "scenarios/",
    ],
    needsNode: true,
  },
];

/** Packages that one folder only may import. */
const PACKAGE_FOLDERS: ReadonlyMap<string, string> = new Map([
  ["pg-boss", "harness/queue/"],
  ["pg", "harness/queue/"],
]);

/** Files that use Node.js inside a folder that otherwise does not. Keep in step with `.oxlintrc.json`. */
const NODE_FILES: readonly RegExp[] = [
  /\.test\.ts$/,
  /\.node\.ts$/,
  /\/record\.ts$/,
  /^harness\/oracle\/(?!content\.ts$|judgement\.ts$)/,
  /^harness\/trace\/(?:open-[^/]*|[^/]*-directory)\.ts$/,
];

/**
 * Why `from` may not import `to`; `undefined` if it may.
 *
 * @param from path of the importing file, from the root of the repository, with forward slashes
 * @param to path of the imported file, likewise
 */
export function forbiddenImport(from: string, to: string): string | undefined {
  const source = zoneOf(from);
  const target = zoneOf(to);
  if (source === undefined || target === undefined) return undefined;
  if (source !== target && !mayImport(source, target, to)) {
    const allowed = source.mayImport.length === 0 ? "nothing else of the project" : source.mayImport.join(", ");
    return `${source.folder} may not import ${to}; it imports itself and ${allowed}`;
  }
  if (!usesNode(from, source) && usesNode(to, target))
    return `${from} also runs in a browser and may not import ${to}, which needs Node.js`;
  return undefined;
}

/**
 * Why `from` may not import a package; `undefined` if it may.
 *
 * @param specifier as it is written: `pg-boss`, `pg/lib/client`
 */
export function forbiddenPackage(from: string, specifier: string): string | undefined {
  const folder = PACKAGE_FOLDERS.get(specifier.split("/", 1)[0] ?? "");
  if (folder === undefined || from.startsWith(folder)) return undefined;
  return `${from} may not import ${specifier}; only ${folder} knows it`;
}

function zoneOf(path: string): Zone | undefined {
  let best: Zone | undefined;
  for (const zone of ZONES)
    if (path.startsWith(zone.folder) && zone.folder.length > (best?.folder.length ?? 0)) best = zone;
  return best;
}

// A permitted folder speaks for its subfolders, except for those that are zones of their own.
function mayImport(source: Zone, target: Zone, to: string): boolean {
  return source.mayImport.some((folder) => to.startsWith(folder) && folder.length >= target.folder.length);
}

function usesNode(path: string, zone: Zone): boolean {
  return zone.needsNode || NODE_FILES.some((pattern) => pattern.test(path));
}
