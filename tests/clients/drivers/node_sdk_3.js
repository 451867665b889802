// A user's program for @deepgram/sdk 3, after its README.
"use strict";
const { described, each, paced, readable, report, sdk } = require("./reporting.js");

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

// Streams until the close.
function stream(client, asked) {
  const connection = client.listen.live(STREAM);
  const { LiveTranscriptionEvents } = sdk;
  for (const event of ["Transcript", "Metadata", "SpeechStarted", "UtteranceEnd", "Unhandled"]) {
    connection.on(LiveTranscriptionEvents[event], (message) => report("message", { message }));
  }
  connection.on(LiveTranscriptionEvents.Error, (error) => report("error", { how: "event", text: described(error), ...readable(error) }));
  connection.on(LiveTranscriptionEvents.Open, async () => {
    report("open");
    for await (const chunk of paced(asked)) connection.send(chunk);
    connection.requestClose();
    report("sent");
  });
  return new Promise((over) => {
    connection.on(LiveTranscriptionEvents.Close, (event) => {
      report("close", { code: event.code, reason: event.reason });
      over();
    });
  });
}

async function file(client, asked) {
  const { result, error } = await client.listen.prerecorded.transcribeFile(asked.audio, { model: "nova-3", punctuate: true });
  if (error) report("error", { how: "returned", text: described(error), ...readable(error) });
  else report("message", { message: result });
}

each((asked) => {
  const client = sdk.createClient(asked.key, { global: { url: asked.url } });
  return (asked.mode === "file" ? file : stream)(client, asked);
});
process.on("exit", () => report("done"));
