import { useEffect, useState } from "preact/hooks";
import type { RunRow, RunTable } from "./run-table.ts";

/** What the page shows: all results, or one run. In the address, so that it can be shared and gone back from. */
export type Route =
  | { readonly kind: "results" }
  /** With the seed, if there are several runs of that id. */
  | { readonly kind: "run"; readonly id: string; readonly seed: number | undefined };

const RUN = "#/run/";

export function runHref(run: RunRow, table: RunTable): string {
  const path = `${RUN}${run.id.split("/").map(encodeURIComponent).join("/")}`;
  return table.isOneOfSeveral(run) ? `${path}?seed=${run.seed}` : path;
}

/** Where the run of an id is, of which there is one. */
export function idHref(id: string): string {
  return `${RUN}${id.split("/").map(encodeURIComponent).join("/")}`;
}

function routeOf(hash: string): Route {
  if (!hash.startsWith(RUN)) return { kind: "results" };
  const [path = "", query = ""] = hash.slice(RUN.length).split("?");
  const seed = new URLSearchParams(query).get("seed");
  return {
    kind: "run",
    id: path.split("/").map(decodeURIComponent).join("/"),
    seed: seed === null ? undefined : Number(seed),
  };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(routeOf(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}
