import { targetConformance, undeclared } from "../target/target.conformance.ts";
import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { targetOf } from "./target-files.ts";
import { oneLine } from "./usage-error.ts";
import { withContainers } from "./with-containers.ts";

interface Case {
  readonly name: string;
  readonly body: () => Promise<void> | void;
}

/** What became of a case; `why` is empty if it passed. */
interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly why: string;
}

/**
 * Tries whether an outside target does what every target does, case after case.
 *
 * @returns the exit code: that of a failure if a case failed
 * @throws UsageError, TargetManifestError, ContainerError
 */
export async function conformanceCommand(parts: ProgramParts, given: string, json: boolean): Promise<number> {
  const target = await targetOf(parts, given);
  // Loaded when it is asked for: it takes longer than most commands.
  const [{ Stage }, { containerWorlds }] = await Promise.all([
    import("../world/containers/stage.ts"),
    import("../world/containers/container-worlds.ts"),
  ]);
  const results: CaseResult[] = [];
  await withContainers(async () => {
    const stage = await Stage.create();
    const cases: Case[] = [];
    targetConformance({
      test: (name, body) => void cases.push({ name, body }),
      capabilities: target.capabilities,
      withWorld: containerWorlds(() => stage, target),
    });
    for (const { name, body } of cases) {
      if (parts.interrupt.aborted) break;
      const why = await whyNot(body);
      results.push({ name, passed: why === "", why });
      if (!json) parts.terminal.out(why === "" ? `passed  ${name}\n` : `FAILED  ${name}\n        ${why}\n`);
    }
    await stage.close();
  });
  const failed = results.filter(({ passed }) => !passed).length;
  const untested = undeclared(target.capabilities);
  if (json)
    parts.terminal.out(`${JSON.stringify({ schemaVersion: 1, target: target.name, results, untested }, null, 2)}\n`);
  else
    parts.terminal.out(
      `${results.length - failed} of ${results.length} cases passed; not declared: ${untested.join(" ")}\n`,
    );
  if (parts.interrupt.aborted) return EXIT.interrupted;
  return failed === 0 ? EXIT.pass : EXIT.failures;
}

async function whyNot(body: Case["body"]): Promise<string> {
  try {
    await body();
    return "";
  } catch (error) {
    return oneLine(error instanceof Error ? error.message : String(error));
  }
}
