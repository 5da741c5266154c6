/**
 * What the engine tells of itself. One call, no answer: the engine cannot notice who listens.
 *
 * Steps are the engine's named moments (`"resync.begin"`, `"cmt.persisted"`); an administrator's
 * log shows them, and a test can act at them. Logging never blocks and never throws.
 */
export interface Log {
  step(name: string, fields: StepFields): void;
}

export type StepFields = Readonly<Record<string, string | number | boolean>>;
