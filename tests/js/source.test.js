// What holds for every script of the page, whatever it does.
import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import test from "node:test";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../assets/js/", import.meta.url));
const files = (await Array.fromAsync(glob("**/*.js", { cwd: folder }))).sort();
const sources = await Promise.all(files.map(async (file) => [file, await readFile(folder + file, "utf8")]));

test("no line is longer than 120 characters", () => {
  const long = sources.flatMap(([file, text]) =>
    text.split("\n").flatMap((line, i) => ([...line].length > 120 ? [`${file}:${i + 1}`] : [])),
  );
  assert.deepEqual(long, []);
});

test("a text becomes neither markup nor code", () => {
  const makes = /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|eval|new Function)\b/;
  assert.deepEqual(
    sources.filter(([, text]) => makes.test(text)).map(([file]) => file),
    [],
  );
});

test("nothing stands in the window but what Gradio looks for there", () => {
  const named = sources.flatMap(([, text]) =>
    [...text.matchAll(/\b(?:window|globalThis)\.(\w+) =[^=]/g)].map((m) => m[1]),
  );
  assert.deepEqual(named.sort(), ["Function", "fetch"]);
});

test("a feature imports what is shared, and of other features the open case alone", () => {
  const shared = new Set(["lib", "page", "review"]);
  const astray = sources.flatMap(([file, text]) => {
    const own = file.split("/")[0];
    return [...text.matchAll(/^(?:import|\} from) .*?"(\.[^"]+)";$/gm)]
      .map(([, path]) => new URL(path, `file:///${file}`).pathname.split("/")[1])
      .filter(
        (room) =>
          room !== own && !(own === "lib" ? room === "lib" : own === "page" ? room === "lib" : shared.has(room)),
      )
      .map((room) => `${file} imports ${room}`);
  });
  assert.deepEqual(astray, []);
});

test("what checks the scripts is of exact versions, from whichever registry npm is set to", async () => {
  const root = new URL("./", import.meta.url);
  const [manifest, lock] = await Promise.all(
    ["package.json", "package-lock.json"].map((file) => readFile(new URL(file, root))),
  );
  for (const version of Object.values(JSON.parse(manifest).devDependencies)) assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.doesNotMatch(String(lock), /"resolved"/);
});
