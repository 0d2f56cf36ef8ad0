import { describe, expect, it } from 'vitest';
import { acceptsGzip, pageFormat } from '../../src/wire/exposition-negotiate.ts';

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.7,application/openmetrics-text;version=0.0.1;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3';

describe('pageFormat', () => {
  const rows = [
    { name: 'no header', accept: undefined, format: 'text' },
    { name: 'an empty header', accept: '', format: 'text' },
    { name: 'Prometheus 2', accept: PROMETHEUS_2, format: 'openmetrics' },
    { name: 'Prometheus 3', accept: PROMETHEUS_3, format: 'openmetrics' },
    { name: 'VictoriaMetrics', accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1', format: 'text' },
    { name: 'curl', accept: '*/*', format: 'text' },
    { name: 'a browser', accept: 'text/html,application/xhtml+xml,*/*;q=0.8', format: 'text' },
    { name: 'OpenMetrics without a version', accept: 'application/openmetrics-text', format: 'openmetrics' },
    { name: 'OpenMetrics of a later version', accept: 'application/openmetrics-text; version=2.0.0', format: 'text' },
    { name: 'OpenMetrics refused', accept: 'application/openmetrics-text;version=1.0.0;q=0, */*', format: 'text' },
    { name: 'text preferred', accept: 'application/openmetrics-text;q=0.3, text/plain;q=0.9', format: 'text' },
    { name: 'a tie', accept: 'application/openmetrics-text, text/plain', format: 'text' },
    {
      name: 'upper case and blanks',
      accept: 'Application/OpenMetrics-Text ; Version="1.0.0" ; Q=1',
      format: 'openmetrics',
    },
    { name: 'a wildcard of the type', accept: 'application/*, text/*;q=0.5', format: 'openmetrics' },
    {
      name: 'a quality that is no number',
      accept: 'application/openmetrics-text;q=high, text/plain;q=0.1',
      format: 'text',
    },
    { name: 'a comma in quotes', accept: 'text/plain;x="a,application/openmetrics-text"', format: 'text' },
    { name: 'nothing we have', accept: 'application/json', format: 'text' },
  ];
  it.each(rows)('$name → $format', ({ accept, format }) => {
    expect(pageFormat(accept)).toBe(format);
  });
});

describe('acceptsGzip', () => {
  const rows = [
    { header: undefined, gzip: false },
    { header: '', gzip: false },
    { header: 'gzip', gzip: true },
    { header: 'deflate, GZIP;q=0.2', gzip: true },
    { header: 'gzip;q=0', gzip: false },
    { header: 'gzip;q=0, *', gzip: false },
    { header: 'identity, *;q=0.5', gzip: true },
    { header: '*;q=0', gzip: false },
    { header: 'br, zstd', gzip: false },
    { header: 'notgzip', gzip: false },
  ];
  it.each(rows)('$header → $gzip', ({ header, gzip }) => {
    expect(acceptsGzip(header)).toBe(gzip);
  });
});
