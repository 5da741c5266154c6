import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { PageData } from "./page-data.ts";
import { Results } from "./results.tsx";
import { useRoute } from "./route.ts";
import type { RunTable } from "./run-table.ts";
import { RunPage } from "./run/run-page.tsx";

export function App({ data, runs }: { readonly data: PageData; readonly runs: RunTable }): JSX.Element {
  const route = useRoute();
  const run = useMemo(() => (route.kind === "run" ? runs.find(route.id, route.seed) : undefined), [route, runs]);
  const title = run === undefined ? data.title : run.id;
  useEffect(() => {
    document.title = `${title} · resilver`;
    scrollTo(0, 0);
  }, [title]);
  if (route.kind === "results") return <Results data={data} table={runs} />;
  if (run !== undefined) return <RunPage key={run.index} run={run} data={data} />;
  return (
    <main class="page">
      <p>
        There is no run <code>{route.id}</code> in these results. <a href="#/">All results</a>
      </p>
    </main>
  );
}
