import type { Plan } from "../plan.ts";
import { around, CodeWriter } from "./code.ts";
import { printExpectation } from "./print-expectation.ts";
import { printStep } from "./print-step.ts";
import { printTopology } from "./print-topology.ts";

export interface PrintOptions {
  /** Lines above it all; plain text. */
  readonly comment?: readonly string[];
  /** Where the scenario language is imported from. */
  readonly from?: string;
}

/** From a folder in `scenarios/`. */
const FROM = "../../harness/plan/index.ts";

/** The plan as the file of a scenario that somebody could have written: it gives just this plan (HX-7). */
export function printScenario(plan: Plan, { comment = [], from = FROM }: PrintOptions = {}): string {
  const writer = new CodeWriter();
  const { mayRefuse, attended } = plan;
  const scenario = writer.call(
    "scenario",
    writer.object({
      name: writer.data(plan.name),
      requirements: writer.data(plan.requirements),
      topology: printTopology(writer, plan.topology),
      steps: writer.list(plan.steps.map((step) => printStep(writer, step))),
      expect: writer.list(plan.expect.map((one) => printExpectation(writer, one))),
      ...(mayRefuse === undefined ? {} : { mayRefuse: writer.data(mayRefuse) }),
      ...(attended === undefined ? {} : { attended: writer.data(attended) }),
    }),
  );
  return [
    ...comment.map((line) => `// ${line}`.trimEnd()),
    `import ${around("{ ", writer.words, " }")} from ${JSON.stringify(from)};`,
    "",
    `export default ${scenario.text};`,
    "",
  ].join("\n");
}
