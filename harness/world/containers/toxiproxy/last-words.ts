const LINES_MAX = 12;

/** What a Toxiproxy that ended said last: where it panicked, or else its last lines. @param log everything it printed */
export function lastWords(log: string): string {
  const lines = log.trimEnd().split("\n");
  const panic = lines.findLastIndex((line) => /^(panic|fatal error):/.test(line));
  return (panic < 0 ? lines.slice(-LINES_MAX) : lines.slice(panic, panic + LINES_MAX)).join("\n");
}
