// What the Node drivers have in common; the twin of reporting.py: node DRIVER URL KEY stream|finalize|turns|file AUDIO SPEED
// Several URLs and several modes, each with commas between them, are done one after the other, mode by mode.
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const BYTES_PER_AUDIO_S = 32000; // of 16 kHz linear16, which the drivers stream

const begunMs = performance.now();
const [urls, key, modes, audioPath, speed] = process.argv.slice(2);
const audio = readFileSync(audioPath);

// The SDK is found from the working directory, where it is installed, and not from here.
const sdk = createRequire(path.join(process.cwd(), "package.json"))("@deepgram/sdk");

function report(event, facts = {}) {
  const wall_s = Math.round(performance.now() - begunMs) / 1000;
  console.log(JSON.stringify({ event, wall_s, ...facts }));
}

// Do what was asked for, once for each mode and URL, and tell what it ended with if it broke off.
async function each(attempt) {
  for (const mode of modes.split(",")) {
    for (const url of urls.split(",")) {
      report("asked", { mode, url });
      await attempt({ url, key, mode, audio }).catch((error) => report("error", { how: "thrown", text: described(error), ...readable(error) }));
    }
  }
}

// What a program can read of a refusal off an error or an error event, wherever the SDKs keep it.
function readable(error) {
  const answer = error?.rawResponse ?? error?.response;
  const headers = error?.responseHeaders ?? answer?.headers ?? {};
  return {
    status: error?.statusCode ?? error?.status ?? answer?.status ?? null,
    body: error?.body ?? error?.responseBody ?? null,
    headers: Object.fromEntries(headers.entries?.() ?? Object.entries(headers)),
  };
}

function described(error) {
  const text = error?.message || error?.reason || error?.type || String(error);
  return `${error?.name ?? error?.constructor?.name ?? "Error"}: ${text}`.replace(/\s+/g, " ");
}

// Chunks of the audio, each when its last sample would have been spoken, by absolute deadlines.
async function* paced({ audio: bytes, mode }) {
  const CHUNK_BYTES = mode === "turns" ? 2560 : 3200; // the 80 ms that are advised for Flux, or 100 ms
  const startMs = performance.now();
  for (let begin = 0; begin < bytes.length; begin += CHUNK_BYTES) {
    const chunk = bytes.subarray(begin, begin + CHUNK_BYTES);
    const dueMs = startMs + ((begin + chunk.length) / BYTES_PER_AUDIO_S / Number(speed)) * 1000;
    await new Promise((done) => setTimeout(done, Math.max(0, dueMs - performance.now())));
    yield chunk;
  }
}

module.exports = { described, each, paced, readable, report, sdk };
