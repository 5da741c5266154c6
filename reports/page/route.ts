import { useEffect, useState } from "preact/hooks";

/** What the page shows: all results, or one run. In the address, so that it can be shared and gone back from. */
export type Route = { readonly kind: "results" } | { readonly kind: "run"; readonly id: string };

const RUN = "#/run/";

export function runHref(id: string): string {
  return `${RUN}${id.split("/").map(encodeURIComponent).join("/")}`;
}

function routeOf(hash: string): Route {
  if (!hash.startsWith(RUN)) return { kind: "results" };
  return { kind: "run", id: hash.slice(RUN.length).split("/").map(decodeURIComponent).join("/") };
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
