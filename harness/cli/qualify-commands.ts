import { basename } from "node:path";
import { type Command, Option } from "commander";
import { WORLD_KINDS } from "../history/run-record.ts";
import { PROFILES } from "../qualify/profiles.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { parseInteger } from "./parse-number.ts";
import type { QualifyOptions } from "./qualify-command.ts";
import { timeoutOption, workersOption } from "./shared-options.ts";

const SEEDS_BOUNDS = { min: 1, max: 10_000 };

interface QualifyFlags {
  readonly target?: string;
  readonly profile: string;
  readonly world: QualifyOptions["worlds"];
  readonly seeds: number;
  readonly out?: string;
  readonly dossier?: string;
  readonly key?: string;
  readonly plantedBugs?: string;
  readonly pdf: boolean;
  readonly json?: true;
  readonly workers?: number;
  readonly timeout: number;
}

interface VerifyFlags extends Pick<QualifyFlags, "key" | "json" | "workers" | "timeout"> {
  readonly rerun: boolean;
}

/** `qualify` and `verify` (HX-10). */
export function addQualifyCommands(
  program: Command,
  load: () => Promise<CommandLineParts>,
  exit: (code: number) => void,
): void {
  program
    .command("qualify")
    .description("put an engine through a profile; write evidence, a report and an attestation")
    .requiredOption("--profile <name>", PROFILES.map(({ name }) => name).join(", "))
    .option("--target <target>", "another engine: one of `list --targets`, or path/to/target.json; on containers only")
    .addOption(
      new Option("--world <world>", "a qualification without containers is incomplete")
        .choices([...WORLD_KINDS, "both"])
        .default("both"),
    )
    .addOption(
      new Option("--seeds <n>", "simulated runs of each scenario")
        .default(10)
        .argParser((text) => parseInteger("--seeds", text, SEEDS_BOUNDS)),
    )
    .option("--dossier <file>", "what vendor and laboratory say of themselves (see: resilver schema dossier)")
    .option("--planted-bugs <file>", "what `npm run -s bugs -- --json` printed: how well the harness finds real bugs")
    .option("--key <file>", "private key that signs, Ed25519, as PEM; one for this bundle only without")
    .option("--out <dir>", "where the bundle goes (default: out/qualification/, target and profile)")
    .option("--no-pdf", "leave report.pdf out")
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(workersOption("one a processor"))
    .addOption(timeoutOption())
    .action(async (flags: QualifyFlags) => {
      const { qualifyCommand } = await import("./qualify-command.ts");
      exit(await qualifyCommand(await load(), optionsOf(flags)));
    });

  program
    .command("verify")
    .description("check a bundle of qualify: signature, every file, every conclusion; do its simulated runs again")
    .argument("<dir>", "the --out of a qualification")
    .option("--key <file>", "public key, as PEM, that it must be signed with")
    .option("--no-rerun", "leave the simulated runs")
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(workersOption("one a processor"))
    .addOption(timeoutOption())
    .action(async (folder: string, { key, rerun, json, workers, timeout }: VerifyFlags) => {
      const { verifyCommand } = await import("./verify-command.ts");
      const options = { key, rerun, json: json === true, workers, timeoutMs: timeout * 1000 };
      exit(await verifyCommand(await load(), folder, options));
    });
}

function optionsOf(flags: QualifyFlags): QualifyOptions {
  return {
    target: flags.target,
    profile: flags.profile,
    worlds: flags.world,
    seedCount: flags.seeds,
    out: flags.out ?? `out/qualification/${nameOf(flags.target)}-${flags.profile}`,
    dossier: flags.dossier,
    key: flags.key,
    plantedBugs: flags.plantedBugs,
    pdf: flags.pdf,
    json: flags.json === true,
    workers: flags.workers,
    timeoutMs: flags.timeout * 1000,
  };
}

/** Of a target as it was given: a name, or the path of a manifest. */
function nameOf(target = "resilver"): string {
  return basename(target, ".json");
}
