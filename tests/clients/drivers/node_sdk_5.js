// A user's program for @deepgram/sdk 5, after its README.
"use strict";
const { described, each, paced, readable, report, sdk } = require("./reporting.js");

const STREAM = {
  model: "nova-3",
  encoding: "linear16",
  sample_rate: 16000,
  channels: 1,
  punctuate: "true",
  interim_results: "true",
  vad_events: "true",
  utterance_end_ms: 1000,
  endpointing: 300,
};
const TURNS = { model: "flux-general-en", encoding: "linear16", sample_rate: 16000 };

// Streams to the end; `finalize` is `stream` with a Finalize whose answer is waited for before the close.
async function stream(client, asked) {
  const flux = asked.mode === "turns";
  const connection = await (flux ? client.listen.v2.connect(TURNS) : client.listen.v1.connect(STREAM));
  let finalized;
  const answered = new Promise((resolve) => (finalized = resolve));
  connection.on("open", () => report("open"));
  connection.on("message", (message) => {
    report("message", { message });
    if (message.from_finalize) finalized();
  });
  connection.on("error", (error) => report("error", { how: "event", text: described(error), ...readable(error) }));
  connection.on("close", (event) => report("close", { code: event.code, reason: event.reason }));
  connection.connect();
  await connection.waitForOpen();
  // As a microphone does: it goes on, whatever becomes of a chunk; the SDK comes back by itself.
  let failed = "";
  for await (const chunk of paced(asked)) {
    try {
      connection.sendMedia(chunk);
      failed = "";
    } catch (error) {
      if (failed !== described(error)) report("error", { text: described(error) });
      failed = described(error);
    }
  }
  if (asked.mode === "finalize") {
    connection.sendFinalize({ type: "Finalize" });
    await answered;
  }
  connection.sendCloseStream({ type: "CloseStream" });
  report("sent");
}

async function file(client, asked) {
  report("message", { message: await client.listen.v1.media.transcribeFile(asked.audio, { model: "nova-3", punctuate: true }) });
}

each((asked) => {
  const socket = asked.url.replace("http", "ws");
  const environment = { base: asked.url, production: socket, agent: socket, agentRest: asked.url };
  const client = new sdk.DeepgramClient({ apiKey: asked.key, environment });
  return (asked.mode === "file" ? file : stream)(client, asked);
});
process.on("exit", () => report("done"));
