import { render } from "preact";
import { App } from "./app.tsx";
import { embeddedData } from "./embedded.ts";
import "./page.css";

const place = document.getElementById("app");
if (place === null) throw new Error("no place for the page");
render(<App data={embeddedData()} />, place);
