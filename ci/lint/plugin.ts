import { posix, relative, resolve, sep } from "node:path";
import { forbiddenImport, forbiddenPackage } from "./zones.ts";

interface Context {
  readonly cwd: string;
  readonly filename: string;
  report(problem: { readonly node: unknown; readonly message: string }): void;
}

interface ImportingNode {
  readonly source?: { readonly value?: unknown } | null;
}

/** Imports of every form point the way of `zones.ts`, types and dynamic imports included. */
const importDirection = {
  create(context: Context) {
    const from = relative(context.cwd, context.filename).split(sep).join(posix.sep);
    const check = (node: ImportingNode): void => {
      const specifier = node.source?.value;
      if (typeof specifier !== "string") return;
      if (!specifier.startsWith(".")) {
        const problem = forbiddenPackage(from, specifier);
        if (problem !== undefined) context.report({ node, message: problem });
        return;
      }
      const target = resolve(context.cwd, posix.dirname(from), specifier);
      const message = forbiddenImport(from, relative(context.cwd, target).split(sep).join(posix.sep));
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    };
  },
};

/** Objects iterate integer-like keys first, so the order of `for…in` is not the order of writing. */
const noForIn = {
  create(context: Context) {
    return {
      ForInStatement(node: unknown): void {
        context.report({ node, message: "iterate a Map or a sorted array, never an object" });
      },
    };
  },
};

/** The project's own lint rules; oxlint loads them by `.oxlintrc.json`. */
export default {
  meta: { name: "resilver" },
  rules: { "import-direction": importDirection, "no-for-in": noForIn },
};
