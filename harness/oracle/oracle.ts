import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Content } from "./content.ts";
import { judgeByE2fsck } from "./e2fsck.ts";
import { writeImageFile } from "./image-file.ts";
import { type Judgement, unknown } from "./judgement.ts";
import { Scratch } from "./scratch.ts";
import { judgeBySqlite, type SqliteQuestion } from "./sqlite-integrity.ts";

/** What to ask of a volume. A file system comes first: what lies in it can be asked only if it is sound. */
export interface Question {
  readonly fileSystem: "ext4";
  /** Nothing may be left to mend, not even a journal to replay. */
  readonly clean?: boolean;
  readonly sqlite?: SqliteQuestion;
}

export interface OracleOptions {
  /** Images judged at the same time; 2 without. */
  readonly atOnceMax?: number;
  /** Directory for the images; memory-backed if there is room, else the system's, without. */
  readonly scratchParent?: string;
}

/** A volume's content set aside for the judges. Judged once; then its file is gone. */
export interface CapturedImage {
  readonly directory: string;
  readonly imagePath: string;
  readonly sizeBytes: number;
  /** Why there is no image, if there is none; it is judged unknown. */
  readonly trouble: string;
}

/**
 * Outside judges of a volume's content: real programs that know nothing of this project. Nothing
 * here runs on virtual time; a simulated run captures, and the answers are awaited outside of it.
 */
export class Oracle {
  readonly #scratch: Scratch;
  readonly #atOnceMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #captured = 0;

  constructor(options: OracleOptions = {}) {
    this.#scratch = new Scratch(options.scratchParent);
    this.#atOnceMax = options.atOnceMax ?? 2;
    if (this.#atOnceMax < 1) throw new Error("an oracle judges at least one image at once");
  }

  /** Copies the content into a sparse file, at once. Room on the scratch device bounds how many can wait. */
  capture(content: Content): CapturedImage {
    const directory = join(this.#scratch.directory, String(this.#captured++));
    const imagePath = join(directory, "image");
    const { sizeBytes } = content;
    try {
      mkdirSync(directory);
      writeImageFile(imagePath, content);
      return { directory, imagePath, sizeBytes, trouble: "" };
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      if (!(error instanceof Error && "code" in error)) throw error;
      return { directory, imagePath, sizeBytes, trouble: `no image could be written: ${String(error.code)}` };
    }
  }

  /** One judgement for each part of the question, in its order. Never rejects for what a judge does. */
  async judge(image: CapturedImage, question: Question): Promise<readonly Judgement[]> {
    await this.#enter();
    try {
      return await judgeImage(image, question);
    } finally {
      rmSync(image.directory, { recursive: true, force: true });
      this.#leave();
    }
  }

  /** Removes every image; what is still being judged becomes unknown or refused, so await it first. Idempotent. */
  close(): void {
    this.#scratch.close();
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#atOnceMax) {
      this.#running++;
      return;
    }
    // The place is handed over by whoever leaves, so it is not counted again.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

async function judgeImage(image: CapturedImage, question: Question): Promise<readonly Judgement[]> {
  const { sqlite } = question;
  if (image.trouble !== "") {
    const remedy = "free space for the images, or set TMPDIR to where there is some";
    const fileSystem = unknown("e2fsck", image.trouble, remedy);
    return sqlite === undefined ? [fileSystem] : [fileSystem, unknown("sqlite", image.trouble, remedy)];
  }
  const fileSystem = await judgeByE2fsck(image.imagePath, { mode: question.clean === true ? "clean" : "mend" });
  if (sqlite === undefined) return [fileSystem];
  if (fileSystem.outcome !== "accepted") {
    const remedy = fileSystem.remedy === "" ? "look at the file system first" : fileSystem.remedy;
    return [fileSystem, unknown("sqlite", "not asked: the file system was not accepted", remedy)];
  }
  return [fileSystem, await judgeBySqlite(image.imagePath, image.sizeBytes, sqlite, image.directory)];
}
