import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './queries.ts';

/** What every panel says of itself. */
interface Panel {
  readonly title: string;
  /** What it shows and what to do about it; the hover text of the title. */
  readonly description: string;
  /** A unit id of Grafana: `s`, `bytes`, `percentunit`, `short` … */
  readonly unit: string;
  /** Columns of 24. */
  readonly width: number;
  /** Rows of about 30 pixels. */
  readonly height: number;
  readonly queries: readonly DataqueryBuilder[];
}

/** From which value on which colour holds, the first from minus infinity. */
export function colours(first: string, ...steps: readonly (readonly [from: number, colour: string])[]) {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...steps.map(([value, color]) => ({ value, color }))]);
}

/** Lines over time, with a legend table of the newest and the highest values. */
export function lines(panel: Panel): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(panel.width)
    .height(panel.height)
    .targets([...panel.queries])
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    );
}

/** Bars over time that stand on each other: for counts that add up. */
export function stackedBars(panel: Panel): TimeseriesBuilder {
  return lines(panel)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(60)
    .min(0)
    .stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** A dashed line where a colour begins. */
export function thresholdLine() {
  return new common.GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
}

/** One number, its background in the colour of its threshold. */
export function number(panel: Panel): StatBuilder {
  return new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(panel.width)
    .height(panel.height)
    .targets([...panel.queries])
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .noValue('–');
}

/**
 * Rows that several queries share, merged by their labels. `columns` renames `Value #<refId>` and labels; `sortedBy` is
 * the new name of a column, highest first.
 */
export function ranking(
  panel: Panel & { readonly columns: Readonly<Record<string, string>>; readonly sortedBy: string },
): TableBuilder {
  return new TableBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(panel.width)
    .height(panel.height)
    .targets([...panel.queries])
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: { excludeByName: { Time: true, __name__: true }, indexByName: {}, renameByName: panel.columns },
    })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(panel.sortedBy).desc(true)])
    .noValue('Nothing');
}
