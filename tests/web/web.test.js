// The page as a whole: its size, its types, and what it may not contain.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, it } from "node:test";
import { explainUnready } from "../../web/page/server.js";
import { sessionSettings } from "../../web/page/settings.js";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../web");
const files = readdirSync(web, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const tsc = join(here, "node_modules/typescript/bin/tsc");

describe("the page", () => {
  it("is under 80 kB as it travels", () => {
    const sizes = files.map((file) => gzipSync(readFileSync(file)).length);
    assert.ok(sizes.reduce((sum, size) => sum + size) < 80_000);
  });

  it(
    "has its types right",
    { skip: existsSync(tsc) ? false : "TypeScript is not installed: npm ci in tests/web" },
    () => {
      execFileSync(process.execPath, [tsc, "--project", here], { stdio: "inherit" });
    },
  );

  it("asks no other host for anything, and has nothing inline", () => {
    for (const file of files) {
      const text = readFileSync(file, "utf8").replaceAll("http://www.w3.org/2000/svg", "");
      assert.doesNotMatch(text, /(src|href|url|import|fetch)\W{1,3}(https?:)?\/\//, file);
      assert.doesNotMatch(text, / style="| on\w+="|<script>|<style>/, file);
    }
  });

  it("loads only files that are there", () => {
    const html = readFileSync(join(web, "index.html"), "utf8");
    for (const [, path] of html.matchAll(/(?:src|href)="([^"#]+)"/g))
      assert.ok(existsSync(join(web, path)), path);
  });
});

describe("the settings of a session", () => {
  const choices = { language: "de", partials: false, vad: "", device: "x", theme: "dark" };

  it("leave out what the protocol does not know", () => {
    const { device, theme, ...sent } = sessionSettings(choices, { languages: ["en", "de"] });
    assert.deepEqual([device, theme, sent.language, sent.partials], [undefined, undefined, "de", false]);
  });

  it("leave the choice of the detector to the server", () => {
    assert.ok(!("vad" in sessionSettings(choices, { languages: ["en"] })));
    assert.equal(sessionSettings({ ...choices, vad: "off" }, { languages: ["en"] }).vad, "off");
  });

  it("ask for the times of words only of a model that can tell them", () => {
    const asked = { ...choices, words: true };
    assert.ok(!("words" in sessionSettings(asked, { languages: ["en"] })));
    assert.equal(sessionSettings(asked, { languages: ["en"], word_timings: true }).words, true);
  });

  it("leave out a language that this server does not have", () => {
    assert.ok(!("language" in sessionSettings(choices, { languages: ["en"] })));
  });
});

describe("a server that is not ready", () => {
  it("is told as exactly that", () => {
    assert.match(explainUnready(503, "loading\n"), /still loads its model/);
    assert.match(explainUnready(503, "draining\n"), /about to stop/);
    assert.match(explainUnready(503, "no engine serves\n"), /not ready: no engine serves\./);
    assert.match(explainUnready(503, "<html>Service Unavailable</html>"), /A proxy answers/);
    assert.match(explainUnready(502, "<html>"), /status 502/);
  });
});
