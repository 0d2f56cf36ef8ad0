import { gaussian, randomOf } from '../support/random.ts';

const STEP_MS = 15_000;
const SPAN_MS = 55 * 60_000;

interface SeededSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * A plausible past for every gauge and counter of an exposition page, as if it had been scraped from `instance` for an
 * hour: counters grew steadily to where they are, gauges stayed near. `e2e_load` has a sample a second and is
 * flat but for its noise: of one that never moved, `tail` says nothing for hours at this step.
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
    const samples: [number, number][] = [];
    for (let timeMs = target.endMs - SPAN_MS; timeMs <= target.endMs; timeMs += stepMs) {
      const age = (target.endMs - timeMs) / SPAN_MS;
      const wobble = name === 'e2e_load' ? 0.01 * gaussian(random) : 0.002 * Math.sin(timeMs / 97_000);
      samples.push([timeMs, counters.has(name) ? value * (1 - age * 0.5) : value * (1 + wobble)]);
    }
    series.push({ labels, samples });
  }
  return series;
}
