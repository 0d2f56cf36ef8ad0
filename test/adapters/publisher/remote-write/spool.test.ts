import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesRegistry, shardHash } from '../../../../src/adapters/publisher/remote-write/remote-series.ts';
import {
  decodeSegment,
  encodeRecord,
  SEGMENT_HEAD,
} from '../../../../src/adapters/publisher/remote-write/spool-record.ts';
import { LabelEncoder } from '../../../../src/wire/remote-write/labels.ts';
import { FakeClock } from '../../../support/clock.ts';
import { type AnswerScript, STALE_BITS, startReceiver } from '../../../support/receiver.ts';
import { evaluation, openTestRemoteWrite, testSeries } from '../../../support/remote-write.ts';
import { createDataDir } from '../../../support/run-dir.ts';

const T = 1_790_000_000_000;
const MINUTES = 60_000;
const clock = new FakeClock(T);
const DOWN: AnswerScript = () => ({ status: 503 });

function segments(spoolDir: string): string[] {
  return readdirSync(join(spoolDir, 'remote-test')).sort();
}

/** Samples that a process which starts now would find. */
function samplesOnDisk(spoolDir: string): number {
  const dir = join(spoolDir, 'remote-test');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.spool'))
    .flatMap((name) => decodeSegment(readFileSync(join(dir, name)), new SeriesRegistry()).chunks)
    .reduce((sum, { columns }) => sum + columns.series.length, 0);
}

/** Three minutes of ten series that an endpoint did not take; the process ended properly. */
async function spoolThreeMinutes(spoolDir: string): Promise<void> {
  await using receiver = await startReceiver(DOWN);
  const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
  const series = testSeries(10);
  for (const minute of [0, 1, 2]) remote.publisher.publish(evaluation(T + minute * MINUTES, { series }));
  await receiver.until(() => receiver.requests.length > 1);
  expect(await remote.publisher.close(10_000)).toEqual({ sent: 0, spooled: 180, lost: 0 });
}

describe('the spool', () => {
  it('stays empty while the endpoint takes everything', async () => {
    const spoolDir = createDataDir('spool');
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.stored.length === 6);
    expect(segments(spoolDir)).toEqual([]);
    await remote.publisher.close(1000);
    expect(segments(spoolDir)).toEqual([]);
  });

  it('keeps what could not be sent for the next process, which sends it first and in order', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir, minShards: 3 } });
    remote.publisher.publish(evaluation(T + 3 * MINUTES, { series: testSeries(10) }));
    await receiver.until(() => receiver.stored.length === 240);
    const perSeries = group(receiver.stored);
    for (const times of perSeries.values()) expect(times).toEqual([0, 1, 2, 3].map((minute) => T + minute * MINUTES));
    expect(perSeries.size).toBe(60);
    await expect.poll(() => segments(spoolDir)).toEqual([]);
    await remote.publisher.close(1000);
    expect(receiver.breaches).toEqual([]);
  });

  it('instants that it holds are not published a second time', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    remote.publisher.publish(evaluation(T + 2 * MINUTES, { series: testSeries(10) }));
    expect(await remote.metric('samples_dropped_total', 'out_of_order')).toBe(60);
    await remote.publisher.close(10_000);
    expect(receiver.stored).toHaveLength(180);
  });

  it('holds everything that waits while the endpoint is down, so that a crash loses nothing', async () => {
    const spoolDir = createDataDir('spool');
    await using receiver = await startReceiver(DOWN);
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    const series = testSeries(10);
    remote.publisher.publish(evaluation(T, { series }));
    await receiver.until(() => receiver.requests.length > 0);
    for (const minute of [1, 2]) remote.publisher.publish(evaluation(T + minute * MINUTES, { series }));
    remote.publisher.publish(evaluation(T + 3 * MINUTES, { series: [], steps: [], ended: series }));
    await expect.poll(() => samplesOnDisk(spoolDir)).toBe(240);

    const afterCrash = createDataDir('spool');
    cpSync(spoolDir, afterCrash, { recursive: true });
    await using successor = await startReceiver();
    const next = openTestRemoteWrite({ url: successor.url, clock, queue: { spoolDir: afterCrash } });
    await successor.until(() => successor.stored.length === 240);
    expect(successor.stored.filter(({ bits }) => bits === STALE_BITS)).toHaveLength(60);
    await next.publisher.close(1000);
    expect(segments(afterCrash)).toEqual([]);
  });

  it('is given up as the endpoint takes what it holds, and does not outgrow the queue', async () => {
    const spoolDir = createDataDir('spool');
    await using receiver = await startReceiver(DOWN);
    await using remote = openTestRemoteWrite({
      url: receiver.url,
      clock,
      queue: { spoolDir, capacity: 600, maxShards: 1 },
    });
    const series = testSeries(50);
    remote.publisher.publish(evaluation(T, { series }));
    await receiver.until(() => receiver.requests.length > 0);
    for (let minute = 1; minute < 6; minute++) remote.publisher.publish(evaluation(T + minute * MINUTES, { series }));
    expect(await remote.metric('samples_dropped_total', 'queue_full')).toBe(900);
    receiver.script = () => ({ status: 204 });
    await receiver.until(() => receiver.stored.length === 900);
    await expect.poll(() => segments(spoolDir)).toEqual([]);
  });

  it('is not waited for when the endpoint is down at shutdown', async () => {
    const spoolDir = createDataDir('spool');
    await using receiver = await startReceiver(DOWN);
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.requests.length > 1);
    expect(await remote.publisher.close(24 * 60 * MINUTES)).toEqual({ sent: 0, spooled: 6, lost: 0 });
  });

  it('a record that was being written at the crash is lost, those before it are not', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    const file = join(spoolDir, 'remote-test', segments(spoolDir)[0]!);
    truncateSync(file, readFileSync(file).length - 5);
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    await receiver.until(() => receiver.stored.length === 120);
    expect(remote.lines.find(({ level }) => level === 'warn')?.message).toContain('ends within a record');
    await remote.publisher.close(1000);
    expect(segments(spoolDir)).toEqual([]);
  });

  it('a broken segment is set aside and said so; what came before the fault is sent, and safe until then', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    const name = segments(spoolDir)[0]!;
    const file = join(spoolDir, 'remote-test', name);
    const bytes = readFileSync(file);
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(file, bytes);
    await using receiver = await startReceiver(DOWN);
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    expect(remote.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      code: 'snapshot_broken',
      file: `${file}.broken`,
    });
    await expect.poll(() => existsSync(`${file}.broken`)).toBe(true);
    expect(samplesOnDisk(spoolDir)).toBe(120);
    receiver.script = () => ({ status: 204 });
    await receiver.until(() => receiver.stored.length === 120);
    await remote.publisher.close(1000);
    expect(segments(spoolDir)).toEqual([`${name}.broken`]);
  });

  it('a file that is none of ours is set aside', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    const name = segments(spoolDir)[0]!;
    writeFileSync(join(spoolDir, 'remote-test', name), 'something else entirely');
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir } });
    await remote.publisher.close(1000);
    expect(segments(spoolDir)).toEqual([`${name}.broken`]);
    expect(receiver.requests).toEqual([]);
  });

  it('of an endpoint is its own', async () => {
    const spoolDir = createDataDir('spool');
    await spoolThreeMinutes(spoolDir);
    await using receiver = await startReceiver();
    const settings = { name: 'other/../test' };
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { spoolDir }, settings });
    await remote.publisher.close(1000);
    expect(receiver.requests).toEqual([]);
    expect(readdirSync(spoolDir).sort()).toEqual(['remote-other%2F..%2Ftest', 'remote-test']);
  });

  it('a directory that cannot be used is an error at start', () => {
    const spoolDir = join(createDataDir('spool'), 'a-file');
    writeFileSync(spoolDir, '');
    expect(() => openTestRemoteWrite({ url: 'http://127.0.0.1:1', queue: { spoolDir } })).toThrow(
      expect.objectContaining({ code: 'state_unwritable' }),
    );
  });

  it('records come back as they were written', () => {
    const sample = fc.record({
      pairs: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 2, maxLength: 2 }),
      timestampMs: fc.maxSafeInteger(),
      value: fc.double({ noNaN: true }),
      ended: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 20 }), { maxLength: 5 }), (chunks) => {
        const registry = new SeriesRegistry();
        const labels = new LabelEncoder();
        const numbers = new Map();
        const written = chunks.map((samples, i) => ({
          pipeline: `p${i}`,
          columns: {
            series: samples.map(({ pairs }) =>
              registry.series(labels.encode(pairs), { help: `about ${pairs[0]}`, shardHash: shardHash(pairs) }),
            ),
            timestampsMs: Float64Array.from(samples, ({ timestampMs }) => timestampMs),
            values: Float64Array.from(samples, ({ ended, value }) => (ended === 1 ? 0 : value)),
            ended: Uint8Array.from(samples, ({ ended }) => ended),
          },
        }));
        const file = Buffer.concat([SEGMENT_HEAD, ...written.map((chunk) => encodeRecord(chunk, numbers))]);
        expect(decodeSegment(file, registry)).toEqual({ chunks: written, state: 'whole' });
      }),
    );
  });
});

function group(samples: readonly { readonly series: string; readonly timestampMs: number }[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const { series, timestampMs } of samples) groups.set(series, [...(groups.get(series) ?? []), timestampMs]);
  return groups;
}
