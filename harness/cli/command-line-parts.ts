import type { Qualification } from "../history/qualification.ts";
import type { CampaignSummary } from "../history/campaign-summary.ts";
import type { PageInput } from "../history/page-input.ts";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import type { ScenarioCatalogue } from "./scenario-entry.ts";
import type { TemplateFolders } from "./init-command.ts";
import type { Terminal } from "./terminal.ts";
import type { WorkerModule } from "./worker-slot.ts";

/** What lies above the harness, handed in by whoever puts the program together. */
export interface ProgramParts {
  /** Of the package. */
  readonly version: string;
  /** How a person calls this program: `resilver`, or `npm run -s resilver --` in a checkout. */
  readonly calledAs: string;
  readonly scenarios: ScenarioCatalogue;
  readonly worker: WorkerModule;
  /** Runs that once failed (`seeds.jsonl`); left out where there are none. */
  readonly corpus?: URL;
  /** The page that shows results, without its data; left out, or not there, where it was not built. */
  readonly pageTemplate?: URL;
  /** Manifests of outside targets, with a slash at the end; left out where none are shipped. */
  readonly targetFolder?: URL;
  /** What `init target` copies; left out where there is none. */
  readonly template?: TemplateFolders;
  /** The engine's sources, with a slash at the end. */
  readonly engineFolder: URL;
  /** The sources of what {@link ReportWriters} is made of, with a slash at the end. */
  readonly reportFolder: URL;
  /** Makes an authority and a certificate a system, as files; gives their paths. Left out where there is no daemon. */
  readonly keys?: (request: KeysRequest) => Promise<readonly string[]>;
  /** Schemas of formats that the harness does not know, by name. */
  readonly schemas: ReadonlyMap<string, () => Promise<unknown>>;
  /** Commands that are programs of their own, with options of theirs. */
  readonly programs: readonly SubProgram[];
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Of the job of GitHub Actions that this runs in; without, it runs in none. */
  readonly github?: GitHubJob;
}

/** The same for commands that tell of runs. */
export interface CommandLineParts extends ProgramParts {
  readonly reports: ReportWriters;
}

export interface GitHubJob {
  /** The file that takes the Markdown of this step. */
  readonly summaryPath: string | undefined;
}

export interface KeysRequest {
  readonly folder: string;
  readonly names: readonly string[];
  readonly days: number;
}

/** A command that `resilver` only hands over to: loaded when it is given. */
export interface SubProgram {
  readonly name: string;
  readonly description: string;
  /** @returns the exit code */
  run(args: readonly string[], io: SubProgramIo): Promise<number>;
}

export interface SubProgramIo extends Pick<Terminal, "out" | "err"> {
  readonly interrupt: AbortSignal;
  readonly version: string;
}

/** Records in the forms that people and machines read. Pure: text in, text out. */
export interface ReportWriters {
  consoleReport(runs: readonly RunRecord[], options: ConsoleOptions): string;
  junitXml(runs: readonly RunRecord[], options: { readonly replayCommand: (token: string) => string }): string;
  /** Common Test Report Format, to be written as JSON. */
  ctrfReport(
    runs: readonly RunRecord[],
    options: {
      readonly version: string;
      readonly startedAt: string;
      readonly wallMs: number;
      readonly replayCommand: (token: string) => string;
    },
  ): object;
  /** OpenMetrics text. */
  openMetrics(summary: CampaignSummary): Promise<string>;
  /** What `--json` prints. */
  resultDocument(runs: readonly RunRecord[], verdict: Verdict, wallMs: number): object;
  resultJsonSchema(): unknown;
  /** One HTML file that needs no other. @param template without its data, as it was built */
  resultsPage(template: string, page: PageInput): string;
  /** Campaigns, the oldest first, as one HTML file. @param template as above */
  trendsPage(template: string, campaigns: readonly CampaignSummary[]): string;
  /** A qualification as one HTML file, for people and for paper. */
  qualificationReport(document: Qualification): string;
  jobReport(runs: readonly RunRecord[], verdict: Verdict, replayCommand: (token: string) => string): JobReport;
  /** Lines that the runner of GitHub Actions takes for annotations, and Markdown for the page of the job. */
  github(report: JobReport): { readonly annotations: string; readonly summary: string };
}

/** What a CI system shows of a job on its own pages. */
export interface JobReport {
  readonly verdict: Verdict;
  readonly totals: string;
  readonly problems: readonly { readonly title: string; readonly message: string; readonly replay: string }[];
}

export interface ConsoleOptions {
  readonly columns: number;
  readonly colour: boolean;
  readonly replayCommand: (token: string) => string;
  readonly verdict: Verdict;
  readonly wallMs: number;
}
