/** What the product must do, by identifier. */
export interface Requirement {
  readonly id: string;
  /** One line, as in the feature table of the README. */
  readonly title: string;
  /** Why no scenario has to exercise it with faults in the middle; without, one has to. */
  readonly elsewhere?: string;
}

/** All of them, in the order of the README. */
export const REQUIREMENTS: readonly Requirement[] = [
  { id: "LS-1", title: "Each side fixes an image of its own volume when the link is suspended" },
  { id: "LS-2a", title: "Image by reserved area: bitmap, background copy, copy-on-write" },
  { id: "LS-2b", title: "Image by log sequence number" },
  { id: "LS-2c", title: "Image by a table of old data" },
  { id: "LS-3", title: "Updates after suspension are tracked on both sides" },
  { id: "LS-4", title: "Each side can present the image at suspension and a complete current image" },
  {
    id: "LS-5",
    title: "Resync copies the union of both trackers, in either direction, and ends byte for byte identical",
  },
  { id: "LS-6", title: "Updates on the losing side are undone, and nothing else is touched" },
  { id: "LS-7", title: "One side alone keeps a complete, readable, consistent image" },
  { id: "LS-8", title: "A link failure during resync leaves the overwritten side its image from before" },
  { id: "LS-9", title: "Image methods and trackers are interchangeable per volume, under one conformance suite" },
  { id: "BR-1", title: "Durable copy management table" },
  { id: "BR-2", title: "SIMPLEX, COPY, DUPLEX, SPLIT, with only the legal transitions" },
  { id: "BR-3", title: "Pending bitmap with a configurable granule, 8 KiB by default" },
  { id: "BR-4", title: "Remote mirrors, synchronous or asynchronous" },
  { id: "BR-5", title: "Cascade: a remote secondary that is a local primary at once" },
  { id: "BR-6", title: "Backup of the moment of the command, without breaking the remote mirror" },
  { id: "BR-7", title: "Several generations of backup" },
  { id: "BR-8", title: "Several mirrors split atomically" },
  { id: "BR-9", title: "Restore of named files" },
  { id: "BR-10", title: "Restore of a whole volume" },
  { id: "BR-11", title: "Several primary systems mirror into one secondary system" },
  { id: "BR-12", title: "Every command can be issued at either end" },
  {
    id: "BR-13",
    title: "The link can be private: mutual authentication, encryption",
    elsewhere: "by tests of the container world: a simulated link has no strangers",
  },
  { id: "SR-1", title: "On interruption: a copy-on-write snapshot, and what was sent but not acknowledged" },
  { id: "SR-2", title: "On reconnection: the differences by the snapshot's exception tables, and the unacknowledged" },
  { id: "SR-3", title: "The snapshot lives until the transmission is acknowledged" },
  { id: "SR-4", title: "The write pause is bounded, measured, and independent of the volume's size" },
  { id: "SR-5", title: "Out of snapshot space: degrades to a bitmap or a full resync, no host write fails" },
  { id: "SR-6", title: "Any number of interruptions during resync still converges" },
  { id: "JR-1", title: "A local volume of journal logs of host writes, and the base image" },
  { id: "JR-2", title: "Journal log table and journal function management table" },
  { id: "JR-3", title: "Sequence numbers; the journal is durable before the acknowledgement; host order" },
  { id: "JR-4", title: "Recovery to a point in time with the remote mirror kept in step" },
  { id: "JR-5", title: "Recovery at the remote by itself, from a replica base" },
  { id: "JR-6", title: "Recovery by swap, in constant time" },
  { id: "JR-7", title: "Journal space folds into the base; the recoverable window is reported" },
  { id: "JR-8", title: "A crash during recovery leaves before, or after, or resumes" },
  { id: "JR-9", title: "Front-end, back-end, shared control memory and interconnect are visible in the code" },
  { id: "CR-1", title: "A second data store mirrors the first, or is isolated from it" },
  { id: "CR-2", title: "Restore while the host goes on writing" },
  { id: "CR-3", title: "Track status tables say which store's track is valid" },
  { id: "CR-4", title: "Every order of write and copy, whole track and part of a track" },
  { id: "CR-5", title: "Locations changed during the restore are recorded" },
  { id: "CR-6", title: "The second store is unchanged throughout" },
  { id: "CR-7", title: "Reads during the restore never see the data being replaced" },
  { id: "CR-8", title: "A crash during the restore resumes to the same result" },
  {
    id: "HX-1",
    title: "A scenario language: topology, host I/O, faults, administration, expectations",
    elsewhere: "by the harness itself; these scenarios show it",
  },
  {
    id: "HX-2",
    title: "One scenario, unchanged, in both worlds",
    elsewhere: "by `resilver parity`, which runs them in both",
  },
  {
    id: "HX-3",
    title: "Container world: real Toxiproxy, started by Testcontainers",
    elsewhere: "by `resilver run --world containers`",
  },
  {
    id: "HX-4",
    title: "Same seed, same run, event for event; checked on every run, the first difference located",
    elsewhere: "every scenario is run twice and compared, event for event",
  },
  {
    id: "HX-5",
    title: "Byte for byte comparison; a difference names the blocks and what wrote them",
    elsewhere: "by the harness itself; these scenarios show it",
  },
  {
    id: "HX-6",
    title: "Partial writes: cut in a frame, torn at a sector, smaller than a track",
    elsewhere: "by the harness itself; these scenarios show it",
  },
  {
    id: "HX-7",
    title: "Random plans; failures shrink, operations and faults together",
    elsewhere: "by the search for failures, not by scenarios",
  },
  {
    id: "HX-8",
    title: "Regression suites for CI: Vitest, JUnit, exit codes, annotations, a corpus of past failures",
    elsewhere: "by reports and exit codes, not by scenarios",
  },
  {
    id: "HX-9",
    title: "Long randomized runs on real containers, with a proof that every fault was healed",
    elsewhere: "by `resilver chaos`, which draws its own",
  },
  {
    id: "HX-10",
    title: "Qualification of other engines behind a small adapter, with a report that can be verified",
    elsewhere: "by the report for other engines, not by scenarios",
  },
  {
    id: "HX-11",
    title: "Faults that never took effect are reported",
    elsewhere: "every scenario: a fault without an effect makes its run UNKNOWN",
  },
  {
    id: "HX-12",
    title: "The harness proves its power on planted bugs",
    elsewhere: "by planted bugs, not by scenarios",
  },
];
