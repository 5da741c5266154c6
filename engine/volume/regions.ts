/** How durable marks are made by region: rows of neighbouring tracks that are marked together. */
export interface RegionOptions {
  /** Tracks of a region; with 1 every track is marked by itself. */
  readonly tracks: number;
  /** Regions that stay marked though nothing in them is pending. */
  readonly hotMax: number;
}

/** Nothing is marked but what is pending, and a few tracks more. */
export const NO_REGIONS: RegionOptions = { tracks: 1, hotMax: 0 };
