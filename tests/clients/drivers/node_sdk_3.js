// A user's program for @deepgram/sdk 3, after its README.
"use strict";
const { asked, described, paced, report, sdk } = require("./reporting.js");

const STREAM = {
  model: "nova-3",
  encoding: "linear16",
  sample_rate: 16000,
  channels: 1,
  punctuate: true,
  interim_results: true,
  vad_events: true,
  utterance_end_ms: 1000,
  endpointing: 300,
};

function stream(client) {
  const connection = client.listen.live(STREAM);
  const { LiveTranscriptionEvents } = sdk;
  for (const event of ["Transcript", "Metadata", "SpeechStarted", "UtteranceEnd", "Unhandled"]) {
    connection.on(LiveTranscriptionEvents[event], (message) => report("message", { message }));
  }
  connection.on(LiveTranscriptionEvents.Error, (error) => report("error", { text: described(error) }));
  connection.on(LiveTranscriptionEvents.Close, (event) => report("close", { code: event.code, reason: event.reason }));
  connection.on(LiveTranscriptionEvents.Open, async () => {
    report("open");
    for await (const chunk of paced(asked.audio)) connection.send(chunk);
    connection.requestClose();
    report("sent");
  });
}

async function file(client) {
  const { result, error } = await client.listen.prerecorded.transcribeFile(asked.audio, { model: "nova-3", punctuate: true });
  if (error) report("error", { text: described(error) });
  else report("message", { message: result });
}

async function main() {
  const client = sdk.createClient(asked.key, { global: { url: asked.url } });
  await (asked.mode === "file" ? file : stream)(client);
}

main().catch((error) => report("error", { text: described(error) }));
process.on("exit", () => report("done"));
