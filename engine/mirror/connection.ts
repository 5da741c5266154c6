import type { Session } from "../wire/session.ts";
import type { Outbox } from "./outbox.ts";

/** One session with a peer, with its window; made anew for every session. */
export interface Connection {
  readonly session: Session;
  readonly outbox: Outbox;
  /** True at the end that dials: what settles a tie between two ends that are alike. */
  readonly dials: boolean;
}
