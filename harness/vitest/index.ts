export { huntTest, type HuntTestOptions } from "./hunt-test.ts";
export { scenarioTest, type ScenarioTestOptions } from "./scenario-test.ts";
export { type Simulate, test } from "./simulation-test.ts";
