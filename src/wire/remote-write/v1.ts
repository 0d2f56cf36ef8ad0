import { type ByteBuffer, varintSize } from './byte-buffer.ts';
import type { SampleColumns } from './columns.ts';
import { sampleSize, writeSample } from './sample.ts';

const TIMESERIES_FIELD = 0x0a;

/** Appends a WriteRequest of remote write 1.0: per sample one TimeSeries whose labels were encoded before. */
export function encodeWriteRequest(columns: SampleColumns, out: ByteBuffer): void {
  for (let position = 0; position < columns.series.length; position++) {
    const { labelBytes } = columns.series[position]!;
    const size = sampleSize(columns, position);
    const seriesBytes = labelBytes.length + 2 + size;
    out.reserve(1 + varintSize(seriesBytes) + seriesBytes);
    out.byte(TIMESERIES_FIELD);
    out.varint32(seriesBytes);
    out.bytes(labelBytes);
    writeSample(out, columns, { position, size });
  }
}
