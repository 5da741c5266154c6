import { render } from "preact";
import { App } from "./app.tsx";
import { embeddedData, embeddedRuns, takeFrom } from "./embedded.ts";
import { Trends } from "./trends.tsx";
import "./page.css";

async function show(place: HTMLElement): Promise<void> {
  const data = embeddedData();
  if ("trends" in data) {
    document.title = "Trends · resilver";
    render(<Trends campaigns={data.trends} />, place);
  } else render(<App data={data} runs={await embeddedRuns(data)} />, place);
}

/** Of `resilver serve`, as the campaign goes on; where one reads, and what one typed, stays. */
function follow(place: HTMLElement): void {
  new EventSource("changes").addEventListener("changed", () => {
    void fetch(location.pathname)
      .then((answer) => answer.text())
      .then((html) => {
        takeFrom(html);
        return show(place);
      });
  });
}

const place = document.getElementById("app");
if (place === null) throw new Error("no place for the page");
await show(place);
if (location.protocol.startsWith("http")) follow(place);
