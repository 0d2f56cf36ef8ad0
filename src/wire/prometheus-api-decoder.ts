import type { OpenAnomalyError } from '../errors.ts';
import type { Labels } from '../series/labels.ts';
import { type ApiAnswer, answerOf, malformed } from './prometheus-api-answer.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfValue,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  startsValue,
  ValueSkipper,
} from './prometheus-api-json.ts';
import type { LabelCache } from './prometheus-api-labels.ts';
import { SampleReader, type SeriesSamples } from './prometheus-api-samples.ts';

export interface DecodeOptions {
  readonly labels: LabelCache;
  /**
   * Takes a series and its float samples in the order of the answer; NaN and infinities are values like others. The
   * columns are used again for the next series. What it throws ends the decoding.
   */
  readonly take: (labels: Labels, samples: SeriesSamples) => void;
}

/** Where the decoder is: in the outermost object, its `data`, the list `result`, a series, its list of samples. */
type Level = 'start' | 'root' | 'data' | 'result' | 'series' | 'samples' | 'end';

/** Keys that mean something, the usual ones first; any other is passed over. */
const KEYS = {
  root: ['status', 'data', 'errorType', 'error', 'warnings', 'infos', 'isPartial'],
  data: ['resultType', 'result'],
  series: ['metric', 'values', 'value', 'histograms', 'histogram'],
} as const;

/** Values that must be held whole (label sets, messages) may not be longer. */
const LONGEST_WHOLE_BYTES = 8 * 1024 * 1024;

/**
 * Reads an answer from windows of bytes, in one pass, keys in any order. What a window leaves unfinished (at most one
 * label set, message or sample) is put before the next one.
 */
export class AnswerDecoder {
  readonly #options: DecodeOptions;
  readonly #skipper = new ValueSkipper();
  readonly #samples = new SampleReader();
  #rest = Buffer.alloc(0);
  #restLength = 0;
  #bytes: Buffer = this.#rest;
  #at = 0;
  #consumed = 0;

  #level: Level = 'start';
  /** A comma, or the bracket that opened the list, stands right before: an element must follow. */
  #separated = true;
  #isFirst = true;
  /** The key whose value comes next; `''` for one that is passed over. */
  #key: string | undefined;
  #isSkipping = false;

  #labels: Labels | undefined;
  #hasHistograms = false;
  readonly #said: Record<string, unknown> = {};
  #series = 0;
  #histograms = 0;
  #sampleCount = 0;

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  feed(chunk: Uint8Array): void {
    this.#bytes = this.#window(chunk);
    this.#at = 0;
    while (this.#step());
    this.#keepRest();
  }

  /** Rejects an answer that is not over. */
  finish(): ApiAnswer {
    if (this.#level !== 'end') {
      const bytes = this.#consumed + this.#restLength;
      throw malformed(bytes === 0 ? 'the answer is empty' : `the answer breaks off after ${bytes} bytes`);
    }
    return answerOf(this.#said, {
      series: this.#series,
      histograms: this.#histograms,
      samples: this.#sampleCount,
      bytes: this.#consumed,
    });
  }

  #window(chunk: Uint8Array): Buffer {
    if (this.#restLength === 0) {
      return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
    const length = this.#restLength + chunk.length;
    if (this.#rest.length < length) {
      const larger = Buffer.allocUnsafe(length * 2);
      this.#rest.copy(larger, 0, 0, this.#restLength);
      this.#rest = larger;
    }
    this.#rest.set(chunk, this.#restLength);
    return this.#rest.subarray(0, length);
  }

  #keepRest(): void {
    const length = this.#bytes.length - this.#at;
    if (length > LONGEST_WHOLE_BYTES) throw this.#unexpected('a value of more than 8 MiB');
    if (this.#rest.length < length) this.#rest = Buffer.allocUnsafe(length * 2);
    this.#bytes.copy(this.#rest, 0, this.#at);
    this.#restLength = length;
    this.#consumed += this.#at;
  }

  /** One element of the grammar. False when the window has no whole one left. */
  #step(): boolean {
    if (this.#isSkipping) return this.#goOnSkipping();
    this.#at = skipSpace(this.#bytes, this.#at);
    if (this.#at === this.#bytes.length) return false;
    switch (this.#level) {
      case 'start':
        if (this.#bytes[this.#at] !== OPEN_OBJECT) throw this.#unexpected('no JSON object');
        return this.#enter('root');
      case 'root':
      case 'data':
      case 'series':
        return this.#key === undefined ? this.#readKey(this.#level) : this.#readValue(this.#level, this.#key);
      case 'result':
      case 'samples':
        return this.#readElement(this.#level);
      case 'end':
        throw this.#unexpected('something after the end');
    }
  }

  #enter(level: Level): true {
    this.#level = level;
    this.#at++;
    this.#key = undefined;
    this.#separated = true;
    this.#isFirst = true;
    return true;
  }

  /** Back to the level above, after one of its values. */
  #leave(level: Level): true {
    this.#level = level;
    this.#at++;
    return this.#afterValue();
  }

  #afterValue(): true {
    this.#key = undefined;
    this.#separated = false;
    this.#isFirst = false;
    return true;
  }

  /** Between the elements of a list or object. True when the byte was a comma. */
  #readComma(): boolean {
    if (this.#separated || this.#bytes[this.#at] !== COMMA) return false;
    this.#separated = true;
    this.#at++;
    return true;
  }

  #mayClose(): boolean {
    return !this.#separated || this.#isFirst;
  }

  #readKey(level: keyof typeof KEYS): boolean {
    if (this.#readComma()) return true;
    const bytes = this.#bytes;
    if (bytes[this.#at] === CLOSE_OBJECT && this.#mayClose()) return this.#close(level);
    if (bytes[this.#at] !== QUOTE || !this.#separated) throw this.#unexpected('no key');
    const end = endOfValue(bytes, this.#at);
    if (end < 0) return false;
    const colon = skipSpace(bytes, end);
    if (colon === bytes.length) return false;
    if (bytes[colon] !== COLON) throw this.#unexpected('no colon after a key');
    this.#key = KEYS[level].find((key) => isText(bytes, this.#at + 1, end - 1, key)) ?? '';
    this.#at = colon + 1;
    return true;
  }

  #close(level: keyof typeof KEYS): boolean {
    if (level === 'root') {
      this.#level = 'end';
      this.#at++;
      return true;
    }
    if (level === 'data') return this.#leave('root');
    this.#endSeries();
    return this.#leave('result');
  }

  #readValue(level: keyof typeof KEYS, key: string): boolean {
    const first = this.#bytes[this.#at]!;
    if (!startsValue(first)) throw this.#unexpected('no value');
    if (level === 'series') {
      if (key === 'metric') return this.#readMetric();
      if (key === 'values' && first === OPEN_LIST) return this.#enter('samples');
      if (key === 'value' && first === OPEN_LIST) return this.#readSample();
      if (key === 'histograms' || key === 'histogram') this.#hasHistograms = true;
      return this.#skip();
    }
    if (key === 'data' && first === OPEN_OBJECT) return this.#enter('data');
    if (key === 'result' && first === OPEN_LIST) return this.#enter('result');
    return key === '' || key === 'data' || key === 'result' ? this.#skip() : this.#readSaid(key);
  }

  #readElement(level: 'result' | 'samples'): boolean {
    if (this.#readComma()) return true;
    const first = this.#bytes[this.#at]!;
    if (first === CLOSE_LIST && this.#mayClose()) return this.#leave(level === 'samples' ? 'series' : 'data');
    if (!this.#separated) throw this.#unexpected('no comma');
    if (level === 'samples') return this.#readSamples();
    if (first === OPEN_OBJECT) return this.#enter('series');
    // The two elements of a scalar or string; `resultType` says so, before or after.
    if (!startsValue(first)) throw this.#unexpected('no series');
    return this.#skip();
  }

  #readSamples(): boolean {
    const run = this.#samples.readRun(this.#bytes, this.#at);
    if (run === this.#at) return this.#readSample();
    this.#at = run;
    this.#isFirst = false;
    this.#separated = this.#bytes[run - 1] === COMMA;
    return true;
  }

  #readSample(): boolean {
    const after = this.#samples.readOne(this.#bytes, this.#at);
    if (after === 0) return false;
    if (after < 0) throw this.#unexpected('no sample');
    this.#at = after;
    return this.#afterValue();
  }

  #readMetric(): boolean {
    const end = endOfValue(this.#bytes, this.#at);
    if (end < 0) return false;
    this.#labels = this.#options.labels.read(this.#bytes, this.#at, end);
    if (this.#labels === undefined) throw this.#unexpected('no label set');
    this.#at = end;
    return this.#afterValue();
  }

  /** Keeps a value that is not about samples: status, messages, the type of the result. */
  #readSaid(key: string): boolean {
    const end = endOfValue(this.#bytes, this.#at);
    if (end < 0) return false;
    try {
      this.#said[key] = JSON.parse(this.#bytes.toString('utf8', this.#at, end));
    } catch {
      throw this.#unexpected(`no value of ${key}`);
    }
    this.#at = end;
    return this.#afterValue();
  }

  #skip(): boolean {
    this.#skipper.begin();
    this.#isSkipping = true;
    return true;
  }

  #goOnSkipping(): boolean {
    this.#at = this.#skipper.skip(this.#bytes, this.#at);
    if (!this.#skipper.done) return false;
    this.#isSkipping = false;
    return this.#afterValue();
  }

  #endSeries(): void {
    const samples = this.#samples;
    if (this.#labels === undefined) throw this.#unexpected('a series without labels');
    if (samples.count > 0) {
      this.#series++;
      this.#sampleCount += samples.count;
      this.#options.take(this.#labels, samples);
    } else if (this.#hasHistograms) this.#histograms++;
    samples.count = 0;
    this.#labels = undefined;
    this.#hasHistograms = false;
  }

  #unexpected(what: string): OpenAnomalyError {
    const near = this.#bytes.toString('latin1', this.#at, this.#at + 60);
    return malformed(
      `the answer is not one of the Prometheus HTTP API: ${what} at byte ${this.#consumed + this.#at}, near ${JSON.stringify(near)}`,
    );
  }
}

function isText(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
