// Bundles the page into ../static: app.js, app.css and index.html under names that stay, and what is loaded later
// (the phone) under names with a hash. `--weight` prints what a browser has to fetch; `--watch` builds at each change.
import { context, build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = join(here, "src");
const target = join(here, "..", "static");
const OWN = "own";
const LIMIT_KB = 300; // the whole page with its phone, compressed

const page = {
  name: "page",
  setup(building) {
    building.onEnd(({ errors, metafile }) => {
      if (errors.length > 0) return;
      copyFileSync(join(source, "index.html"), join(target, "index.html"));
      writeFileSync(join(target, "licences.txt"), licences(metafile));
      removeOld(new Set(["index.html", "licences.txt", ...Object.keys(metafile.outputs).map((path) => basename(path))]));
    });
  },
};

const options = {
  entryPoints: { app: join(source, "main.tsx") },
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  metafile: true,
  legalComments: "none", // licences.txt has them
  chunkNames: "later-[hash]",
  assetNames: "[name]-[hash]",
  logLevel: "warning",
  plugins: [page],
};

/** Last, so that a page which is being served never misses a part. */
function removeOld(kept) {
  for (const name of readdirSync(target)) if (!kept.has(name)) rmSync(join(target, name), { recursive: true });
}

/** What is bundled is handed out with its licence. */
function licences(metafile) {
  const texts = origins(metafile)
    .filter(([name]) => name !== OWN)
    .map(([name]) => {
      const folder = join(here, "node_modules", name);
      const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
      return `${name}\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : "see its package.json"}\n`;
    });
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}

function compressed(path) {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}

function printWeight(metafile) {
  const files = readdirSync(target).filter((name) => /\.(js|css|html)$/.test(name));
  let sum = 0;
  for (const name of files.sort()) {
    const bytes = compressed(join(target, name));
    sum += bytes;
    console.log(`${kb(bytes)}  ${name}`);
  }
  console.log(`${kb(sum)}  in all, compressed (limit ${LIMIT_KB} kB)`);
  console.log("\nbefore compression, by origin:");
  for (const [origin, bytes] of origins(metafile)) console.log(`${kb(bytes)}  ${origin}`);
  if (sum > LIMIT_KB * 1000) {
    console.error("too heavy");
    process.exitCode = 1;
  }
}

function origins(metafile) {
  const sums = new Map();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const origin = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? OWN;
      sums.set(origin, (sums.get(origin) ?? 0) + bytesInOutput);
    }
  }
  return [...sums].sort(([, one], [, other]) => other - one);
}

function kb(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(8)} kB`;
}

mkdirSync(target, { recursive: true });
if (process.argv.includes("--watch")) {
  const watching = await context({ ...options, minify: false, sourcemap: "linked" });
  await watching.watch();
  console.log(`watching ${basename(source)}`);
} else {
  const { metafile } = await build(options);
  if (process.argv.includes("--weight")) printWeight(metafile);
}
