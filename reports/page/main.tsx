import { render } from "preact";
import { App } from "./app.tsx";
import { embeddedData, embeddedRuns } from "./embedded.ts";
import "./page.css";

const place = document.getElementById("app");
if (place === null) throw new Error("no place for the page");
const data = embeddedData();
render(<App data={data} runs={await embeddedRuns(data)} />, place);
