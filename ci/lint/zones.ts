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
    mayImport: [...ENGINE_SURFACE, "harness/", "harness/hunt/", "harness/world/containers/"],
    needsNode: true,
  },
  // Programs that the tests of the command line run: put together as `main.ts` is, so they see what it sees.
  {
    folder: "harness/cli/fixtures/",
    mayImport: [...ENGINE_SURFACE, "harness/", "harness/cli/", "harness/hunt/", "reports/"],
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
  { folder: "reports/", mayImport: ["harness/history/"], needsNode: true },
  { folder: "scenarios/", mayImport: ["engine/", "harness/"], needsNode: true },
  {
    folder: "ci/",
    mayImport: [
      "engine/",
      "engine/node/",
      "harness/",
      "harness/cli/",
      "harness/hunt/",
      "harness/world/containers/",
      "reports/",
      "scenarios/",
    ],
    needsNode: true,
  },
];

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
