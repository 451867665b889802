// What the Node drivers have in common; the twin of reporting.py: node DRIVER URL KEY stream|finalize|turns|file AUDIO SPEED
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const BYTES_PER_AUDIO_S = 32000; // of 16 kHz linear16, which the drivers stream

const begunMs = performance.now();
const [url, key, mode, audio, speed] = process.argv.slice(2);
const CHUNK_BYTES = mode === "turns" ? 2560 : 3200; // the 80 ms that are advised for Flux, or 100 ms

// The SDK is found from the working directory, where it is installed, and not from here.
const sdk = createRequire(path.join(process.cwd(), "package.json"))("@deepgram/sdk");

function report(event, facts = {}) {
  const wall_s = Math.round(performance.now() - begunMs) / 1000;
  console.log(JSON.stringify({ event, wall_s, ...facts }));
}

function described(error) {
  const text = error?.message || error?.reason || error?.type || String(error);
  return `${error?.name ?? error?.constructor?.name ?? "Error"}: ${text}`.replace(/\s+/g, " ");
}

// Chunks of the audio, each when its last sample would have been spoken, by absolute deadlines.
async function* paced(bytes) {
  const startMs = performance.now();
  for (let begin = 0; begin < bytes.length; begin += CHUNK_BYTES) {
    const chunk = bytes.subarray(begin, begin + CHUNK_BYTES);
    const dueMs = startMs + ((begin + chunk.length) / BYTES_PER_AUDIO_S / Number(speed)) * 1000;
    await new Promise((done) => setTimeout(done, Math.max(0, dueMs - performance.now())));
    yield chunk;
  }
}

module.exports = { asked: { url, key, mode, audio: readFileSync(audio) }, described, paced, report, sdk };
