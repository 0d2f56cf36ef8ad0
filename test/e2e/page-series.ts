import { gaussian, randomOf } from '../support/random.ts';

const STEP_MS = 15_000;
/** `tail` speaks after 80 samples, at a step of a minute for the most part. */
const SPAN_MS = 150 * 60_000;

interface SeededSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * A plausible past for every gauge and counter of an exposition page, as if it had been scraped from `instance` for some
 * hours: counters grew to where they are, now faster and now slower, gauges stayed near, and `e2e_load`, with a sample a
 * second, is flat but for its noise. Nothing stands quite still, where `tail` would take any move for a small one for long.
 */
export function pageSeries(
  page: string,
  target: { readonly endMs: number; readonly instance: string; readonly job: string },
): SeededSeries[] {
  const counters = new Set([...page.matchAll(/^# TYPE (\S+) counter$/gm)].map((match) => match[1]!));
  const random = randomOf(1);
  const series: SeededSeries[] = [];
  for (const line of page.split('\n')) {
    const match = /^(node_[a-zA-Z0-9_]+|e2e_load)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const [, name = '', labelText = '', text = ''] = match;
    const value = Number(text);
    const labels: Record<string, string> = { __name__: name, instance: target.instance, job: target.job };
    for (const pair of labelText.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g))
      labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, '$1');
    const stepMs = name === 'e2e_load' ? 1000 : STEP_MS;
    const times = Array.from(
      { length: Math.floor(SPAN_MS / stepMs) + 1 },
      (_, i) => target.endMs - SPAN_MS + i * stepMs,
    );
    const values = counters.has(name)
      ? growth(times.length, random).map((share) => value * (0.5 + 0.5 * share))
      : times.map(
          (time) => value * (1 + (name === 'e2e_load' ? 0.01 * gaussian(random) : 0.002 * Math.sin(time / 97_000))),
        );
    series.push({ labels, samples: times.map((time, i) => [time, values[i]!] as const) });
  }
  return series;
}

/** Shares of what a counter gains, ascending to 1: every step as much as any other, give or take half. */
function growth(count: number, random: () => number): number[] {
  let sum = 0;
  const sums = Array.from({ length: count }, () => {
    sum += 0.5 + random();
    return sum;
  });
  return sums.map((value) => value / sum);
}
