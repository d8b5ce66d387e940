import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

const root = new URL("../../static/", import.meta.url);
const files = readdirSync(root, { recursive: true }).filter((name) => /\.(js|css|html)$/.test(name));
const text = (name) => readFileSync(new URL(name, root), "utf8");

for (const name of files) {
  test(`${name} keeps the house's rules`, () => {
    const source = text(name);
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"|javascript:/);
    assert.doesNotMatch(source, /https?:\/\/(?!www\.w3\.org\/)/, "nothing from outside");
    assert.ok(source.split("\n").length <= 251, "at most 250 lines");
    if (name.endsWith(".js")) {
      assert.ok(source.startsWith("/** "), "says what it is");
      for (const [line] of source.matchAll(/^(import|export)\b.*/gm)) { // the forms that gradviz/player/bundle.py knows
        assert.match(line, /^import \{ [\w, ]+ \} from "#gv\/[\w/]+\.js";$|^export (async )?(function|class|const) \w/);
      }
      for (const [, from] of source.matchAll(/from "([^"]+)"/g)) {
        assert.match(from, /^#gv\//);
        if (name.startsWith("views/")) assert.doesNotMatch(from, /views\//, "views never import each other");
        assert.ok(files.includes(from.replace("#gv/", "")), from);
      }
    }
    if (name.endsWith(".html")) {
      assert.doesNotMatch(source, /<style|\sstyle=|\son\w+=/);
      assert.equal(source.match(/<script(?![^>]*\bsrc=)[^>]*>/g).join(), '<script type="importmap">');
    }
  });
}

test("imports run one way", () => {
  const needs = new Map(files.filter((name) => name.endsWith(".js")).map((name) => [name, [...text(name).matchAll(/from "#gv\/([^"]+)"/g)].map((match) => match[1])]));
  const done = new Set();
  while (needs.size) {
    const ready = [...needs].filter(([, from]) => from.every((one) => done.has(one))).map(([name]) => name);
    assert.ok(ready.length > 0, `a circle among ${[...needs.keys()]}`);
    for (const name of ready) {
      done.add(name);
      needs.delete(name);
    }
  }
});

test("what runs without a page names no page", () => {
  for (const name of ["api", "app", "breakpoints", "camera", "cells", "checking", "expressions", "tour", "detail", "geometry", "grouped", "held", "legible", "lineage", "memory", "neighbours", "opening", "packing", "shown", "spatial", "words", "reveal", "document", "events", "fit", "frame", "keys", "player", "python", "scopes", "track", "url", "windows"]) {
    assert.doesNotMatch(text(`${name}.js`), /\b(document|window)\.(query|get|create|body|add|head)|\bElement\b/, name);
  }
});
