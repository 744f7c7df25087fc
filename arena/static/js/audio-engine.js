/**
 * Plays all clips of a battle at once, one of them audible.
 *
 * Web Audio and not media elements: clips that start together on one clock stay together to the
 * sample, so a switch is a change of gains and a section repeats without a gap. Phones let one
 * touch open one AudioContext, where each media element would need a touch of its own, and a
 * gain works on iOS, where the volume of a media element is fixed.
 */

/** The rate that every clip has; decoding at it changes no sample. */
const RATE_HZ = 44_100;

/** Seconds: a fade that hides a cut without being heard as one, and a start that comes in time. */
const FADE_S = 0.01;
const LEAD_S = 0.02;

/** Milliseconds of silence after which the phone's sound may sleep. */
const SLEEP_MS = 1500;

/** @typedef {{from: number, to: number}} Section seconds of the clip */
/** @typedef {{gain: GainNode | null, plain: AudioBuffer, now: AudioBuffer}} Voice */
/** @typedef {object} Run what sounds since the last start
 * @property {Map<number, AudioBufferSourceNode>} sources
 * @property {GainNode} gain
 * @property {number} at time of the context
 * @property {number} from position in the clip
 * @property {Section | null} section
 */

/**
 * @param {ArrayBuffer} bytes
 * @returns {Promise<AudioBuffer>} rejected when this is no sound
 */
export function decode(bytes) {
  // An offline context may decode before the first touch.
  return new OfflineAudioContext(2, 1, RATE_HZ).decodeAudioData(bytes);
}

export class Engine {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #master = null;
  /** @type {Map<number, Voice>} */
  #voices = new Map();
  /** @type {Run | null} */
  #run = null;
  #rate = 1;
  #rateWish = 0;
  #seat = 0;
  #volume = 1;
  #sleep = 0;
  #onInterrupted;

  /** @param {() => void} onInterrupted called when the system takes the sound away */
  constructor(onInterrupted) {
    this.#onInterrupted = onInterrupted;
  }

  /** Open the sound; to be called first of all in a touch, click or key. */
  async wake() {
    clearTimeout(this.#sleep);
    if (!this.#context) this.#open();
    await this.#context?.resume();
    if (this.#context?.state !== "running") throw new Error("The browser gives no sound.");
  }

  #open() {
    // Without it the silent switch of an iPhone mutes Web Audio, but no media element.
    const session = /** @type {{audioSession?: {type: string}}} */ (navigator).audioSession;
    if (session) session.type = "playback";
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    this.#master = new GainNode(context, { gain: this.#volume });
    this.#master.connect(context.destination);
    context.addEventListener("statechange", () => {
      if (context.state !== "running" && this.#run) this.#onInterrupted();
    });
  }

  /**
   * @param {number} seat
   * @param {AudioBuffer} buffer
   */
  async add(seat, buffer) {
    /** @type {Voice} */
    const voice = { gain: null, plain: buffer, now: buffer };
    for (let rate = 1; rate !== this.#rate; ) {
      rate = this.#rate;
      voice.now = await atRate(buffer, rate);
    }
    this.#voices.set(seat, voice);
    if (this.#run) this.start(this.position, this.#run.section);
  }

  /** @param {number} seat */
  remove(seat) {
    const source = this.#run?.sources.get(seat);
    source?.stop();
    this.#run?.sources.delete(seat);
    this.#voices.get(seat)?.gain?.disconnect();
    this.#voices.delete(seat);
  }

  /** Seconds of the clip that sound now. */
  get position() {
    const run = this.#run;
    if (!run || !this.#context) return 0;
    const reached = run.from + this.#since(run) * this.#rate;
    if (!run.section || reached < run.section.to) return reached;
    const length = run.section.to - run.section.from;
    return run.section.from + ((reached - run.section.from) % length);
  }

  /** How often the section began again since the last start. */
  get turns() {
    const run = this.#run;
    if (!run?.section) return 0;
    const into = run.from + this.#since(run) * this.#rate - run.section.from;
    return Math.max(0, Math.floor(into / (run.section.to - run.section.from)));
  }

  /** @param {Run} run */
  #since(run) {
    return Math.max(0, (this.#context?.currentTime ?? 0) - run.at);
  }

  /**
   * Play from a position; what sounded fades out meanwhile.
   * @param {number} from seconds
   * @param {Section | null} section that repeats; `from` lies before its end
   */
  start(from, section) {
    const context = this.#context;
    const master = this.#master;
    if (!context || !master) return;
    this.stop();
    clearTimeout(this.#sleep);
    const at = context.currentTime + LEAD_S;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(1, at + FADE_S);
    gain.connect(master);
    /** @type {Map<number, AudioBufferSourceNode>} */
    const sources = new Map();
    for (const [seat, voice] of this.#voices) {
      voice.gain?.disconnect();
      voice.gain = new GainNode(context, { gain: seat === this.#seat ? 1 : 0 });
      voice.gain.connect(gain);
      const source = new AudioBufferSourceNode(context, { buffer: voice.now });
      if (section) {
        source.loop = true;
        source.loopStart = section.from / this.#rate;
        source.loopEnd = section.to / this.#rate;
      }
      source.connect(voice.gain);
      source.start(at, from / this.#rate);
      sources.set(seat, source);
    }
    this.#run = { sources, gain, at, from, section };
  }

  /** Fall silent; the sound sleeps when it stays so. */
  stop() {
    const run = this.#run;
    const context = this.#context;
    if (!run || !context) return;
    this.#run = null;
    ramp(run.gain.gain, 0, context.currentTime);
    for (const source of run.sources.values()) source.stop(context.currentTime + 2 * FADE_S);
    this.#sleep = setTimeout(() => context.suspend(), SLEEP_MS);
  }

  /**
   * Let another clip be heard, at the same position.
   * @param {number} seat
   */
  choose(seat) {
    this.#seat = seat;
    const now = this.#context?.currentTime ?? 0;
    for (const [each, voice] of this.#voices) {
      if (voice.gain) ramp(voice.gain.gain, each === seat ? 1 : 0, now);
    }
  }

  /** @param {number} volume 0..1, as on the slider: its square is the gain */
  setVolume(volume) {
    this.#volume = volume * volume;
    if (this.#master && this.#context) {
      ramp(this.#master.gain, this.#volume, this.#context.currentTime);
    }
  }

  /**
   * Prepare another speed; what sounds goes on at it from the same position.
   * @param {number} rate
   * @returns {Promise<boolean>} false when another speed was wished meanwhile; rejected when the
   *   clips cannot be stretched, and the speed then stays
   */
  async setRate(rate) {
    const wish = (this.#rateWish += 1);
    /** @type {Map<Voice, AudioBuffer>} */
    const made = new Map();
    // A clip may come while others are stretched.
    for (let left = this.#without(made); left.length > 0; left = this.#without(made)) {
      for (const voice of left) made.set(voice, await atRate(voice.plain, rate));
      if (wish !== this.#rateWish) return false;
    }
    const position = this.position;
    for (const [voice, buffer] of made) voice.now = buffer;
    this.#rate = rate;
    if (this.#run) this.start(position, this.#run.section);
    return true;
  }

  /** @param {Map<Voice, AudioBuffer>} made */
  #without(made) {
    return [...this.#voices.values()].filter((voice) => !made.has(voice));
  }
}

/**
 * @param {AudioParam} gain
 * @param {number} value
 * @param {number} now
 */
function ramp(gain, value, now) {
  const from = gain.value;
  gain.cancelScheduledValues(now);
  gain.setValueAtTime(from, now);
  gain.linearRampToValueAtTime(value, now + FADE_S);
}

/** @type {Worker | null} */
let worker = null;
let asked = 0;

/**
 * @param {AudioBuffer} buffer
 * @param {number} rate
 * @returns {Promise<AudioBuffer>} the same music at another speed and the same pitch
 */
async function atRate(buffer, rate) {
  if (rate === 1) return buffer;
  worker ??= new Worker(new URL("./audio-stretch-worker.js", import.meta.url), { type: "module" });
  const busy = worker;
  const id = (asked += 1);
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) =>
    buffer.getChannelData(index).slice(),
  );
  /** @type {Float32Array<ArrayBuffer>[]} */
  const results = await new Promise((resolve, reject) => {
    busy.addEventListener("message", function take(event) {
      if (event.data.id !== id) return;
      busy.removeEventListener("message", take);
      resolve(event.data.channels);
    });
    busy.addEventListener("error", reject, { once: true });
    busy.postMessage({ id, channels, rate }, channels.map((one) => one.buffer));
  });
  const stretched = new AudioBuffer({
    length: results[0]?.length || 1,
    numberOfChannels: results.length,
    sampleRate: buffer.sampleRate,
  });
  results.forEach((result, index) => stretched.copyToChannel(result, index));
  return stretched;
}
