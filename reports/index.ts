export { consoleReport } from "./console-report.ts";
export { github, jobReport } from "./github.ts";
export { junitXml } from "./junit.ts";
export { resultDocument, resultJsonSchema } from "./result-document.ts";
