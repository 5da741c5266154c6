export { consoleReport } from "./console-report.ts";
export { ctrfReport } from "./ctrf.ts";
export { github, jobReport } from "./github.ts";
export { junitXml } from "./junit.ts";
export { openMetrics } from "./open-metrics.ts";
export { resultsPage, trendsPage } from "./page.ts";
export { resultDocument, resultJsonSchema } from "./result-document.ts";
export { qualificationReport } from "./qualification/report.ts";
