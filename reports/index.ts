export { consoleReport } from "./console-report.ts";
export { github, jobReport } from "./github.ts";
export { junitXml } from "./junit.ts";
export { resultsPage } from "./page.ts";
export { resultDocument, resultJsonSchema } from "./result-document.ts";
export { qualificationReport } from "./qualification/report.ts";
