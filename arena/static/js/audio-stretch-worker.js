/** Stretches clips beside the page, so that it never stands still. */
import { stretched } from "./audio-stretch.js";

addEventListener("message", (event) => {
  const { id, channels, rate } = event.data;
  const results = stretched(channels, rate);
  postMessage({ id, channels: results }, { transfer: results.map((one) => one.buffer) });
});
