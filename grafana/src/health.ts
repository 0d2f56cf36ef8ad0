import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { anomalies, bands, evaluations, status } from './health-detection.ts';
import { proxy } from './health-proxy.ts';
import { incoming, process, remoteWrite } from './health-surroundings.ts';
import { choice, datasource } from './variables.ts';

/** Whether the detector itself does its work: what it promises, how late it is, what it drops. */
export function health(): DashboardBuilder {
  const builder = dashboard('health', {
    title: 'Detector health',
    description:
      'Coverage against its target, lag, missed slots, model time, queues, drops, reloads and the proxy of OpenAnomaly.',
    from: 'now-3h',
  }).variables([
    datasource(),
    choice('job', { label: 'Job', query: 'label_values(openanomaly_build_info, job)', all: '.+' }),
    choice('instance', {
      label: 'Instance',
      query: 'label_values(openanomaly_build_info{job=~"$job"}, instance)',
      all: '.+',
    }),
  ]);
  const sections = [
    ['Status', status()],
    ['Bands', bands()],
    ['Anomalies', anomalies()],
    ['Evaluations and models', evaluations()],
    ['Data sources', incoming()],
    ['Remote write', remoteWrite()],
    ['Proxy', proxy()],
    ['Process', process()],
  ] as const;
  for (const [title, panels] of sections) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder;
}
