import { findTool } from "../../oracle/find-tool.ts";
import { runTool } from "../../oracle/run-tool.ts";

/** What the `docker` program printed, or why it failed. */
export type DockerAnswer =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly why: string };

/** Runs the `docker` program, for what the runtime library cannot do well: builds, and questions asked once. */
export async function dockerCommand(args: readonly string[], timeoutMs: number): Promise<DockerAnswer> {
  const path = findTool("docker");
  if (path === undefined) return { ok: false, why: "there is no program docker" };
  const env: Record<string, string> = {};
  for (const name of ["HOME", "PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH"]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const end = await runTool(path, args, { timeoutMs, env });
  if (end.kind === "failed") return { ok: false, why: end.why };
  if (end.exitCode === 0) return { ok: true, stdout: end.stdout.trim() };
  return { ok: false, why: end.stderr.trim().split("\n").at(-1) ?? `exit code ${end.exitCode}` };
}
