/** What the programs of a run did that a crash can fall upon, from the first step of the plan to the end of the run. */
export interface Census {
  /** By disk, in the order of the topology: writes, trims and flushes issued by its system's programs. */
  readonly disks: readonly { readonly system: string; readonly disk: string; readonly count: number }[];
  /** By link and end: frames sent. */
  readonly links: readonly { readonly system: string; readonly link: string; readonly count: number }[];
}
