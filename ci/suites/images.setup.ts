import { execFileSync } from "node:child_process";

/** Before the container tests: the images are those of the sources as they are now. */
export function setup(): void {
  execFileSync("npm", ["run", "-s", "build:images"], { stdio: ["ignore", "ignore", "inherit"] });
}
