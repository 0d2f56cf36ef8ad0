import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tail } from '../../../src/score/tail/tail.ts';
import type { JudgedFile } from '../../data/judged-set.ts';
import type { RowJudged } from '../judge-all.ts';
import { sceneSheet } from '../plots.ts';
import type { Scene } from '../scenes.ts';
import { incidentsPicture, knobsPicture, tailsPicture } from './labelled.ts';
import { blindPicture, newLevelPicture, viewsPicture } from './synthetic.ts';

const KPIS = 'kpi2018';
const SCENES = 6;

/** Writes the pictures of docs/detection.md and docs/detection-results.md; those of KPIs where they were watched by `tail`. */
export async function writePictures(
  dir: string,
  files: readonly JudgedFile[],
  { judged, scenes }: { readonly judged: readonly RowJudged[]; readonly scenes: readonly Scene[] },
): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const write = (name: string, svg: string) => writeFileSync(join(dir, `detection-${name}.svg`), svg);
  write('views', await viewsPicture(tail.views));
  write('new-level', await newLevelPicture());
  write('blind', await blindPicture());
  const units = judged.find(({ row }) => row.name === 'tail')?.sets.find(({ set }) => set === KPIS)?.units ?? [];
  if (units.length === 0) return;
  write('knobs', knobsPicture(units));
  const sets = files.filter(({ set }) => set === KPIS).map((file) => file.read());
  write('incidents', await incidentsPicture(sets));
  write('tails', tailsPicture(sets));
  const first = (kind: Scene['kind']) =>
    scenes.filter((each) => each.set === KPIS && each.kind === kind).slice(0, SCENES);
  write('misses', sceneSheet(`${KPIS}: worst misses`, first('miss')));
  write('false-alarms', sceneSheet(`${KPIS}: loudest false alarms`, first('false alarm')));
}
