// Make what the browser receives: one style sheet, its fonts, three scripts, one icon sprite.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const house = join(here, "..", "backofficine");
const target = join(house, "static", "dist");

// Icons that no template names literally: a component or the menu chooses them.
const CHOSEN_ELSEWHERE = [
  "adjustments-horizontal", "cash-register", "alert-octagon", "alert-triangle", "arrow-right", "basket", "bell", "bolt",
  "calendar-event", "camera", "check", "chevron-down", "clock", "droplet", "equal-not", "gauge",
  "info-circle", "lock", "map-pin", "package-import", "receipt", "robot", "scan",
  "shopping-cart", "snowflake", "stack-2", "trending-up", "truck-delivery", "users", "versions",
  "building-warehouse", "dots", "x",
];

// Blocks of the kit that we draw whole ourselves: nothing of them is kept.
const OURS = /\.(row|col|g|gx|gy|modal|toast|alert|badge|progress|btn|table|navbar|page|card|drawer|empty)(?![a-z])/;

function filesOf(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(target));
}

const sources = [...filesOf(house, /\.(html|py)$/), ...filesOf(join(here, "src"), /\.js$/)];
const texts = sources.map((path) => readFileSync(path, "utf8"));
const words = new Set(texts.flatMap((text) => text.match(/[A-Za-z][\w-]*/g) ?? []));

// The kit weighs 740 kB; we keep the rules whose every class is written somewhere in the house.
function kept(selector) {
  if (OURS.test(selector)) return false;
  const classes = selector.match(/\.[A-Za-z][\w-]*/g) ?? [];
  return classes.every((name) => words.has(name.slice(1)));
}

function partAtTopLevel(list) {
  const parts = [];
  let depth = 0;
  let part = "";
  for (const letter of list) {
    if (letter === "(" || letter === "[") depth += 1;
    if (letter === ")" || letter === "]") depth -= 1;
    if (letter === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  return [...parts, part].map((one) => one.trim());
}

function prune(css) {
  let out = "";
  let at = 0;
  while (at < css.length) {
    const open = css.indexOf("{", at);
    if (open < 0) return out + css.slice(at);
    const prelude = css.slice(at, open);
    const statement = prelude.lastIndexOf(";") + 1;
    out += prelude.slice(0, statement);
    const head = prelude.slice(statement).trim();
    let depth = 1;
    let end = open + 1;
    for (; depth > 0; end += 1) depth += css[end] === "{" ? 1 : css[end] === "}" ? -1 : 0;
    const body = css.slice(open + 1, end - 1);
    if (/^@(media|supports|container)/.test(head)) {
      const inside = prune(body);
      if (inside.trim()) out += `${head}{${inside}}`;
    } else if (head.startsWith("@")) out += `${head}{${body}}`;
    else {
      const selectors = partAtTopLevel(head).filter(kept);
      if (selectors.length) out += `${selectors.join(",")}{${body}}`;
    }
    at = end;
  }
  return out;
}

const kit = {
  name: "kit",
  setup(bundle) {
    bundle.onLoad({ filter: /tabler\.css$/ }, ({ path }) => {
      const css = readFileSync(path, "utf8");
      const licence = css.match(/\/\*![\s\S]*?\*\//)[0];
      const rules = css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@charset[^;]*;/, "");
      return { contents: `${licence}\n${prune(rules)}`, loader: "css", resolveDir: dirname(path) };
    });
  },
};

function sprite() {
  const named = texts.flatMap((text) =>
    [...text.matchAll(/\bicon(?:\s+|\s*=\s*)["']([a-z0-9-]+)["']/g)].map((match) => match[1]),
  );
  const symbols = [...new Set([...CHOSEN_ELSEWHERE, ...named])].sort().map((name) => {
    let drawing;
    try {
      drawing = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    } catch {
      throw new Error(`No Tabler icon is called "${name}": see https://tabler.io/icons`);
    }
    const inside = drawing.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    const lines = inside.replace(/<path[^>]*stroke="none"[^>]*\/>/g, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${lines}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
await build({
  entryPoints: ["app", "camera", "charts"].map((name) => join(here, "src", `${name}.js`)).concat(join(here, "src/style.css")),
  bundle: true,
  format: "esm",
  minify: true,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  outdir: target,
  plugins: [kit],
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  legalComments: "linked",
  logLevel: "warning",
});
// The very copy barcode-detector was made with: the script and the wasm must match.
copyFileSync(join(modules, "zxing-wasm/dist/reader/zxing_reader.wasm"), join(target, "zxing_reader.wasm"));
writeFileSync(join(target, "icons.svg"), sprite());
