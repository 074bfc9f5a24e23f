#!/usr/bin/env node
// npm's solc behind the command line of the native compiler.
//
// py-solc-x, forge and slither start a compiler as a program: they ask it `--version` and feed it
// `--standard-json` on stdin. No package registry carries the native one, so where it cannot be downloaded
// this file stands in for it; it is installed as `.venv/solcx/solc-v<version>`.
"use strict";

const fs = require("fs");
const path = require("path");

const MODULES = path.resolve(__dirname, "..", "..", "node_modules");
const VERSION_FILE = path.join(__dirname, "version");
const OPTIONS_WITH_VALUE = new Set(["--allow-paths", "--base-path", "--include-path", "-I"]);

function parseArguments(argv) {
  const options = { version: false, standardJson: false, input: null, roots: [] };
  for (let index = 0; index < argv.length; index += 1) {
    const [name, inline] = argv[index].split("=", 2);
    if (OPTIONS_WITH_VALUE.has(name)) {
      const value = inline === undefined ? argv[(index += 1)] : inline;
      if (name !== "--allow-paths" && value) options.roots.push(value);
    } else if (name === "--version") options.version = true;
    else if (name === "--standard-json") options.standardJson = true;
    else if (!name.startsWith("-")) options.input = name;
  }
  if (options.roots.length === 0) options.roots.push(".");
  return options;
}

// Loading the compiler takes half a second; the version line is kept beside this file by the set-up.
function versionLine() {
  if (fs.existsSync(VERSION_FILE)) return fs.readFileSync(VERSION_FILE, "utf8").trim();
  return require(path.join(MODULES, "solc")).version().replace(".Emscripten.clang", ".Linux.g++");
}

// The native compiler reads a source that came without content from its base and include paths.
function readImport(roots) {
  return (name) => {
    const file = [name.replace(/^file:\/\//, "")]
      .flatMap((wanted) => (path.isAbsolute(wanted) ? [wanted] : roots.map((root) => path.resolve(root, wanted))))
      .find((candidate) => fs.existsSync(candidate));
    return file ? { contents: fs.readFileSync(file, "utf8") } : { error: `File not found: ${name}` };
  };
}

// A pipe takes what fits into it: write until all is gone.
function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += fs.writeSync(1, bytes, offset);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

function main() {
  const options = parseArguments(process.argv.slice(2));
  if (options.version) {
    writeAll(`solc, the solidity compiler commandline interface\nVersion: ${versionLine()}\n`);
    return 0;
  }
  if (!options.standardJson) {
    process.stderr.write("This compiler answers --version and --standard-json only.\n");
    return 1;
  }
  const input = fs.readFileSync(options.input === null ? 0 : options.input, "utf8");
  const solc = require(path.join(MODULES, "solc"));
  writeAll(solc.compile(input, { import: readImport(options.roots) }));
  return 0;
}

process.exitCode = main();
