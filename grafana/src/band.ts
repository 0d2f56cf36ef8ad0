import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Blue for what is expected, orange for what came, red for what should not have come: on every dashboard. */
export const COLOURS = { band: '#5794f2', value: '#ff9830', anomalous: '#f2495c' } as const;

const fixed = (colour: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor: colour },
});

/**
 * Shades between the series with the legends `lower` and `upper`, dashes `expected` and draws `value` over them. A legend
 * that fills below another must be static, so a panel holds one band.
 */
export function withBand(panel: PanelBuilder): PanelBuilder {
  return panel
    .overrideByName('lower', [
      fixed(COLOURS.band),
      { id: 'custom.lineWidth', value: 0 },
      { id: 'custom.fillOpacity', value: 0 },
    ])
    .overrideByName('upper', [
      fixed(COLOURS.band),
      { id: 'custom.lineWidth', value: 0 },
      { id: 'custom.fillBelowTo', value: 'lower' },
      { id: 'custom.fillOpacity', value: 20 },
    ])
    .overrideByName('expected', [
      fixed(COLOURS.band),
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } },
    ])
    .overrideByName('value', [fixed(COLOURS.value), { id: 'custom.lineWidth', value: 2 }]);
}

/** Draws the series with the legend `anomalous` as points. */
export function withAnomalousPoints(panel: PanelBuilder): PanelBuilder {
  return panel.overrideByName('anomalous', [
    fixed(COLOURS.anomalous),
    { id: 'custom.drawStyle', value: 'points' },
    { id: 'custom.pointSize', value: 7 },
    { id: 'custom.showPoints', value: 'always' },
  ]);
}
