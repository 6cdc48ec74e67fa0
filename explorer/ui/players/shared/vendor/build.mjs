// Bundle what the page uses of d3 (entry.js) into d3.js, and the licences of what is in it into LICENSES.txt.
// With --check, nothing is written; the exit status is 1 where a file differs from what would be written.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const ROOT = join(FOLDER, "../../../../..");

const { metafile, outputFiles } = await build({
  entryPoints: [join(FOLDER, "entry.js")],
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
  write: false,
});
const [output] = Object.values(metafile.outputs);
const inputs = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const names = new Set(inputs.flatMap(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
const packages = [...names].sort().map((name) => {
  const folder = join(ROOT, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { title: `${name} ${version}`, licence: readFileSync(join(folder, "LICENSE"), "utf8").trim() };
});

const titles = packages.map(({ title }) => title).join(", ");
const files = {
  "d3.js": `// ${titles}; see LICENSES.txt. Made by \`npm run vendor\`.\n${outputFiles[0].text}`,
  "LICENSES.txt": packages.map(({ title, licence }) => `${title}\n\n${licence}\n`).join(`\n${"-".repeat(80)}\n\n`),
};

for (const [name, text] of Object.entries(files)) {
  const path = join(FOLDER, name);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not what \`npm run vendor\` makes.`);
    process.exitCode = 1;
  }
}
