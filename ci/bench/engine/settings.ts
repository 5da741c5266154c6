/** How the engine is measured. */
export interface EngineSettings {
  /** Measured rounds; in each, ours and the peer's turn. */
  readonly rounds: number;
  /** Of one turn of a load. */
  readonly seconds: number;
  readonly sizeBytes: number;
  /** Where the files are: what is measured depends on the file system. */
  readonly folder: string;
  /** The engine, as one file. */
  readonly engine: string;
}
