import { describe, expect, it } from 'vitest';
import { Publishers } from '../../src/app/publishers.ts';
import type { Evaluation, Publisher } from '../../src/ports/publisher.ts';
import { startReceiver } from '../support/receiver.ts';
import { evaluation, openTestRemoteWrite, remoteWriteSettings } from '../support/remote-write.ts';
import { createDataDir } from '../support/run-dir.ts';

const page: Publisher = { publish() {}, remove() {}, async [Symbol.asyncDispose]() {} };
const second = (ago: number) => Math.floor(Date.now() / 1000) * 1000 - ago * 1000;

describe('a reload', () => {
  it('hands what a changed endpoint could not send to its successor, in order', async () => {
    await using receiver = await startReceiver(() => ({ status: 503 }));
    const queue = { spoolDir: createDataDir('spool') };
    const publishers = new Publishers(page, (settings) => openTestRemoteWrite({ url: '', settings }).publisher);
    const settings = remoteWriteSettings({ url: receiver.url, queue });
    await publishers.replace([settings], 1000);
    await publishers.publish(evaluation(second(20)));
    await receiver.until(() => receiver.requests.length > 1);

    receiver.script = () => ({ status: 204 });
    await publishers.replace([{ ...settings, headers: { 'x-changed': 'yes' } }], 0);
    await publishers.publish(evaluation(second(10)));
    expect(await publishers.close(10_000)).toEqual({ lost: 0 });
    const values = receiver.stored.filter(({ labels }) => labels['__name__'] === 'openanomaly_value');
    expect(values.map(({ timestampMs }) => timestampMs)).toEqual([...values.map((one) => one.timestampMs)].sort());
    expect(values).toHaveLength(2);
    expect(receiver.requests.at(-1)?.headers['x-changed']).toBe('yes');
  });

  it('leaves endpoints alone that did not change', async () => {
    await using receiver = await startReceiver();
    let opened = 0;
    const publishers = new Publishers(page, (settings) => {
      opened++;
      return openTestRemoteWrite({ url: '', settings }).publisher;
    });
    const settings = remoteWriteSettings({ url: receiver.url });
    await publishers.replace([settings], 1000);
    await publishers.publish(evaluation(second(20)));
    await publishers.replace([{ ...settings }], 1000);
    expect(opened).toBe(1);
    await publishers.replace([], 10_000);
    expect(receiver.stored).toHaveLength(6);
    await publishers.publish(evaluation(second(10)));
    await publishers.close(1000);
    expect(receiver.stored).toHaveLength(6);
  });

  it('sends nothing again that was sent before a restart', async () => {
    await using receiver = await startReceiver();
    const shown: boolean[] = [];
    const page = { publish: ({ isRepeated }: Evaluation) => void shown.push(isRepeated === true), remove() {} };
    const publishers = new Publishers(
      { ...page, async [Symbol.asyncDispose]() {} },
      (settings) => openTestRemoteWrite({ url: '', settings }).publisher,
    );
    await publishers.replace([remoteWriteSettings({ url: receiver.url })], 1000);
    await publishers.publish({ ...evaluation(second(20)), isRepeated: true });
    await publishers.publish(evaluation(second(10)));
    await publishers.close(10_000);
    expect(shown).toEqual([true, false]);
    expect(new Set(receiver.stored.map(({ timestampMs }) => timestampMs)).size).toBe(1);
  });

  it('may send the results of some pipelines to an endpoint and of the others not', async () => {
    await using receiver = await startReceiver();
    const publishers = new Publishers(page, (settings) => openTestRemoteWrite({ url: '', settings }).publisher);
    const settings = remoteWriteSettings({ url: receiver.url });
    await publishers.replace([{ ...settings, only: new Set(['another']) }], 1000);
    await publishers.publish(evaluation(second(20)));
    await publishers.replace([{ ...settings, only: new Set(['another', 'p']) }], 1000);
    await publishers.publish(evaluation(second(10)));
    await publishers.close(10_000);
    expect(new Set(receiver.stored.map(({ timestampMs }) => timestampMs)).size).toBe(1);
  });
});
