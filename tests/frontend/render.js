// What a person reads of a template, rendered by Home Assistant itself.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("render.py", import.meta.url));
// A Friday.
export const NOW = "2026-11-27T10:00:00+00:00";

let renderer;

const start = () => {
  const { stdin, stdout } = spawn(process.env.PYTHON ?? "python3", [PROGRAM], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return { stdin, lines: createInterface({ input: stdout })[Symbol.asyncIterator]() };
};

export const rendered = async ({ states }, content, now = NOW) => {
  renderer ??= start();
  renderer.stdin.write(`${JSON.stringify({ content, now, states })}\n`);
  const { value, done } = await renderer.lines.next();
  if (done) {
    throw new Error("not rendered");
  }
  return JSON.parse(value);
};

after(() => renderer?.stdin.end());
