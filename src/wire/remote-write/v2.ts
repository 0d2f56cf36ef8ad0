import { ByteBuffer, varintSize } from './byte-buffer.ts';
import type { SampleColumns, WireSeries } from './columns.ts';
import { decodeLabels } from './labels.ts';
import { sampleSize, writeSample } from './sample.ts';

const SYMBOLS_FIELD = 0x22;
const TIMESERIES_FIELD = 0x2a;
const LABELS_REFS_FIELD = 0x0a;
const METADATA_FIELD = 0x2a;
const TYPE_FIELD = 0x08;
const TYPE_GAUGE = 2;
const HELP_REF_FIELD = 0x18;
/** Texts kept between requests; beyond it all are forgotten and read again from the label bytes. */
const MAX_KEPT_SYMBOLS = 200_000;

/** A text that occurs in requests, encoded once. `ref` is its place in the table of request number `request`. */
interface PooledSymbol {
  readonly fieldBytes: Uint8Array;
  request: number;
  ref: number;
}

/** First in every table; a reference to it says that there is no text. */
const NO_TEXT: PooledSymbol = { fieldBytes: new Uint8Array(0), request: 0, ref: 0 };

/** Encodes requests of remote write 2.0. Texts are interned, so that a series costs a few references a request. */
export class RequestEncoder {
  #pool = new Map<string, PooledSymbol>();
  #symbolsOf = new WeakMap<WireSeries, readonly PooledSymbol[]>();
  readonly #timeseries = new ByteBuffer(65_536);
  #request = 0;
  #nextRef = 1;

  /** Appends a Request to `out`: the table of symbols, then one TimeSeries with gauge metadata per sample. */
  encode(columns: SampleColumns, out: ByteBuffer): void {
    if (this.#pool.size > MAX_KEPT_SYMBOLS) {
      this.#pool = new Map();
      this.#symbolsOf = new WeakMap();
    }
    this.#request++;
    this.#nextRef = 1;
    this.#timeseries.clear();
    out.reserve(2);
    out.byte(SYMBOLS_FIELD);
    out.byte(0);
    for (let i = 0; i < columns.series.length; i++) this.#writeSeries(columns, i, out);
    out.reserve(this.#timeseries.length);
    out.bytes(this.#timeseries.written());
  }

  #writeSeries(columns: SampleColumns, position: number, symbolsOut: ByteBuffer): void {
    const symbols = this.#symbols(columns.series[position]!);
    const labelSymbols = symbols.length - 1;
    let refsBytes = 0;
    for (const symbol of symbols) this.#place(symbol, symbolsOut);
    for (let i = 0; i < labelSymbols; i++) refsBytes += varintSize(symbols[i]!.ref);
    const helpRef = symbols[labelSymbols]!.ref;
    const size = sampleSize(columns, position);
    const metadataBytes = 2 + (helpRef === 0 ? 0 : 1 + varintSize(helpRef));
    const seriesBytes = 1 + varintSize(refsBytes) + refsBytes + 2 + size + 2 + metadataBytes;

    const out = this.#timeseries;
    out.reserve(6 + seriesBytes);
    out.byte(TIMESERIES_FIELD);
    out.varint32(seriesBytes);
    out.byte(LABELS_REFS_FIELD);
    out.varint32(refsBytes);
    for (let i = 0; i < labelSymbols; i++) out.varint32(symbols[i]!.ref);
    writeSample(out, columns, { position, size });
    out.byte(METADATA_FIELD);
    out.byte(metadataBytes);
    out.byte(TYPE_FIELD);
    out.byte(TYPE_GAUGE);
    if (helpRef === 0) return;
    out.byte(HELP_REF_FIELD);
    out.varint32(helpRef);
  }

  /** Gives the symbol its place in the table of this request, unless it has one. */
  #place(symbol: PooledSymbol, symbolsOut: ByteBuffer): void {
    if (symbol === NO_TEXT || symbol.request === this.#request) return;
    symbol.request = this.#request;
    symbol.ref = this.#nextRef++;
    symbolsOut.reserve(symbol.fieldBytes.length);
    symbolsOut.bytes(symbol.fieldBytes);
  }

  /** Names and values of the labels, then the help text. */
  #symbols(series: WireSeries): readonly PooledSymbol[] {
    let symbols = this.#symbolsOf.get(series);
    if (symbols === undefined) {
      symbols = [...decodeLabels(series.labelBytes), series.help].map((text) => this.#intern(text));
      this.#symbolsOf.set(series, symbols);
    }
    return symbols;
  }

  #intern(text: string): PooledSymbol {
    if (text === '') return NO_TEXT;
    let symbol = this.#pool.get(text);
    if (symbol === undefined) {
      const field = new ByteBuffer(6 + text.length);
      field.text(SYMBOLS_FIELD, text);
      symbol = { fieldBytes: field.copy(), request: 0, ref: 0 };
      this.#pool.set(text, symbol);
    }
    return symbol;
  }
}
