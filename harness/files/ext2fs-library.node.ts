import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";

/** What this project uses of `ext2fs` 4.2.5, as its own files tell: it comes without types. */
export interface Ext2fs {
  mount(disk: Ext2fsDisk): Promise<Ext2fsMount>;
  umount(mounted: Ext2fsMount): Promise<void>;
}

export interface Ext2fsMount {
  readonly promises: {
    open(path: string, flags: string | number, mode?: number): Promise<{ readonly fd: number }>;
    close(fd: number): Promise<void>;
    read(fd: number, into: Buffer, at: number, lengthBytes: number, position: number): Promise<{ bytesRead: number }>;
    write(
      fd: number,
      from: Buffer,
      at: number,
      lengthBytes: number,
      position: number,
    ): Promise<{ bytesWritten: number }>;
    stat(path: string): Promise<{ readonly size: number; isDirectory(): boolean; isFile(): boolean }>;
    readdir(path: string): Promise<string[]>;
    mkdir(path: string, mode?: number): Promise<void>;
    unlink(path: string): Promise<void>;
  };
}

/** The library's view of a disk. Buffers lie in its own memory and are valid until the call settles. */
export interface Ext2fsDisk {
  read(into: Buffer, at: number, lengthBytes: number, offsetBytes: number): Promise<void>;
  write(from: Buffer, at: number, lengthBytes: number, offsetBytes: number): Promise<void>;
  discard(offsetBytes: number, lengthBytes: number): Promise<void>;
  flush(): Promise<void>;
}

/** The compiler is told of Node.js, which has it, by no library of types. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => object;
};

/** The file with the WebAssembly code; the only one that reads a clock. */
const CORE = "libext2fs";
const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname", "process", "Date"];

type CompiledFile = (...parameters: readonly unknown[]) => void;

const requireHere = createRequire(import.meta.url);
const folder = join(dirname(requireHere.resolve("ext2fs/package.json")), "lib");
const compiledFiles = new Map<string, CompiledFile>();
let webAssembly: object | undefined;

/**
 * An instance of the library that shares nothing with any other, so that what one run leaves behind
 * cannot reach the next. Its clock is `nowMs`; it has no other source of time or chance.
 */
export function loadExt2fs(nowMs: () => number): Ext2fs {
  const loaded = new Map<string, { exports: unknown }>();
  class PlannedDate extends Date {
    static override now(): number {
      return nowMs();
    }
  }
  // It would add handlers to the real process with every instance.
  const process = { versions: { node: "24" }, argv: [], env: {}, on: () => {}, hrtime: () => [0, 0] };
  const load = (id: string): unknown => {
    if (!id.startsWith("./")) return requireHere(id);
    const name = id.slice(2);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} as unknown };
    loaded.set(name, module);
    const file = join(folder, `${name}.js`);
    const given = [module.exports, load, module, file, folder, process, PlannedDate];
    // Emscripten takes a `Module` that is already there for its settings.
    if (name === CORE) given.push({ instantiateWasm, print: () => {}, printErr: () => {} });
    compiled(name, file)(...given);
    return module.exports;
  };
  const library = load("./ext2fs") as Ext2fs;
  // The instance was ready before the library began to listen for that.
  (load(`./${CORE}`) as { onRuntimeInitialized(): void }).onRuntimeInitialized();
  return library;
}

function compiled(name: string, file: string): CompiledFile {
  const known = compiledFiles.get(name);
  if (known !== undefined) return known;
  const parameters = name === CORE ? [...PARAMETERS, "Module"] : PARAMETERS;
  const made = compileFunction(readFileSync(file, "utf8"), parameters, { filename: file }) as CompiledFile;
  compiledFiles.set(name, made);
  return made;
}

/** At once: by itself it would wait in real time. The code is compiled once a process. */
function instantiateWasm(imports: object, done: (instance: object, module: object) => void): object {
  webAssembly ??= new WebAssembly.Module(coreBytes());
  done(new WebAssembly.Instance(webAssembly, imports), webAssembly);
  return {};
}

function coreBytes(): Buffer<ArrayBuffer> {
  const found = /"data:application\/octet-stream;base64,([A-Za-z0-9+/=]+)"/.exec(
    readFileSync(join(folder, `${CORE}.js`), "utf8"),
  );
  if (found?.[1] === undefined) throw new Error(`ext2fs: no WebAssembly code in ${CORE}.js`);
  return Buffer.from(found[1], "base64");
}
