import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { PageData } from "./page-data.ts";
import { Results } from "./results.tsx";
import { useRoute } from "./route.ts";
import { RunPage } from "./run/run-page.tsx";

export function App({ data }: { readonly data: PageData }): JSX.Element {
  const route = useRoute();
  const run = route.kind === "run" ? data.runs.find(({ id }) => id === route.id) : undefined;
  const title = run === undefined ? data.title : run.id;
  useEffect(() => {
    document.title = `${title} · resilver`;
    scrollTo(0, 0);
  }, [title]);
  if (route.kind === "results") return <Results data={data} />;
  if (run !== undefined) return <RunPage key={run.id} run={run} data={data} />;
  return (
    <main class="page">
      <p>
        There is no run <code>{route.id}</code> in these results. <a href="#/">All results</a>
      </p>
    </main>
  );
}
