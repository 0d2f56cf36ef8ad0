import type { HttpAnswer } from '../../http.ts';

/** What an answer means for the samples of its request. */
export type Verdict =
  /** `written` of them are stored; the rest will never be. */
  | { readonly kind: 'accepted'; readonly written: number }
  /** The same request may succeed later. `isCapped`: a retry may never heal it, so only a few are tried. */
  | { readonly kind: 'retry'; readonly afterMs: number | undefined; readonly isCapped: boolean }
  /** Some of the samples are bad; sent apart, the others may be taken. */
  | { readonly kind: 'bad_samples' }
  /** None will be taken; `written` were, where the endpoint says so. */
  | { readonly kind: 'refused'; readonly written: number; readonly hint: string | undefined }
  /** The endpoint does not speak this version. */
  | { readonly kind: 'other_protocol' };

export interface Asked {
  readonly protocol: 1 | 2;
  readonly samples: number;
  readonly retryOnHttp429: boolean;
  readonly nowMs: number;
}

export const WRITTEN_HEADER = 'x-prometheus-remote-write-samples-written';

/** Prometheus before 3.0 says 500 to these, and would for ever. */
const UNHEALABLE = /too old sample|label name .* is not unique|empty labelset/i;
/** A 400 of this kind is about a sample or a series; any other is about the request, which halves would not mend. */
const ABOUT_SAMPLES =
  /out[- ]of[- ](order|bounds)|duplicate[- ](sample|label|timestamp)|too (old|far in the future|large|big)|not unique|invalid (sample|label|metric)|empty labelset|size exceeds|exceeds? the|exceeding|limit|labels? (name|value)|timestamp/i;

export function judge(answer: Pick<HttpAnswer, 'status' | 'headers'>, body: string, asked: Asked): Verdict {
  const { status } = answer;
  const written = writtenSamples(answer.headers);
  if (status >= 200 && status < 300) {
    if (asked.protocol === 1) return { kind: 'accepted', written: asked.samples };
    // VictoriaMetrics and old receivers answer 2xx to a message they did not understand; only the header is proof.
    return written === undefined ? { kind: 'other_protocol' } : { kind: 'accepted', written };
  }
  if (status === 415 && asked.protocol === 2) return { kind: 'other_protocol' };
  const afterMs = retryAfterMs(answer.headers['retry-after'], asked.nowMs);
  if (status >= 500) return { kind: 'retry', afterMs, isCapped: status === 500 && UNHEALABLE.test(body) };
  if (status === 429 && asked.retryOnHttp429) return { kind: 'retry', afterMs, isCapped: false };
  const mayBeSplit = asked.protocol === 1 && asked.samples > 1;
  if (mayBeSplit && (status === 413 || (status === 400 && ABOUT_SAMPLES.test(body)))) return { kind: 'bad_samples' };
  return { kind: 'refused', written: asked.protocol === 2 ? (written ?? 0) : 0, hint: hintFor(status) };
}

function writtenSamples(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers[WRITTEN_HEADER];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** Seconds or an HTTP date; a date that is past says nothing. */
export function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const afterMs = Date.parse(text) - nowMs;
  return afterMs > 0 ? afterMs : undefined;
}

function hintFor(status: number): string | undefined {
  switch (status) {
    case 401:
    case 403:
      return 'check basic_auth or authorization of this remote_write block';
    case 404:
      return 'check the URL; a Prometheus takes samples only with --web.enable-remote-write-receiver';
    case 405:
      return 'check the URL; this one does not take POST';
    case 415:
      return 'the endpoint takes neither version of remote write; check the URL';
    case 429:
      return 'the endpoint is overloaded; queue_config.retry_on_http_429 makes such samples wait';
    default:
      return undefined;
  }
}
