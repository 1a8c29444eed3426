import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { bytesText, countText, durationText, rateText, type SeriesPoint } from '../state/index.ts';
import { useWidth } from './use-daemon.ts';

interface PlotsProps {
  readonly points: readonly SeriesPoint[];
}

/** Throughput, lag and size of the set since the page was opened. */
export function Plots({ points }: PlotsProps): VNode {
  const last = points.at(-1);
  const traffic =
    last?.receivedPerSecond == null || last.sentPerSecond === null
      ? ''
      : `${bytesText(last.receivedPerSecond)}/s in, ${bytesText(last.sentPerSecond)}/s out`;
  return (
    <section class="plots" aria-label="Figures over time">
      <Plot
        title="Items stored a second"
        points={points}
        value={(point) => point.itemsPerSecond}
        format={rateText}
        note={traffic}
      />
      <Plot
        title="Age of the oldest proof"
        points={points}
        value={(point) => point.lagSeconds}
        format={durationText}
        note="all peers"
      />
      <Plot
        title="Items in the set"
        points={points}
        value={(point) => point.items}
        format={countText}
        note={last === undefined ? '' : 'since the page was opened'}
      />
    </section>
  );
}

interface PlotProps extends PlotsProps {
  readonly title: string;
  readonly value: (point: SeriesPoint) => number | null;
  readonly format: (value: number) => string;
  readonly note: string;
}

const HEIGHT = 108;

function Plot({ title, points, value, format, note }: PlotProps): VNode {
  const [width, setElement] = useWidth();
  const plot = useRef<uPlot | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const latest = points.at(-1);
  const now = latest === undefined ? null : value(latest);
  useEffect(() => {
    if (width === 0 || place.current === null) return;
    const made = new uPlot(optionsOf(width), dataOf(points, value), place.current);
    plot.current = made;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      made.destroy();
    };
  }, [width]);
  useEffect(() => plot.current?.setData(dataOf(points, value)), [points]);
  return (
    <figure class="card" ref={setElement}>
      <figcaption>
        <span class="caption">{title}</span>
        <strong>{now === null ? '–' : format(now)}</strong>
        <span class="note">{note}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}

function dataOf(points: readonly SeriesPoint[], value: PlotProps['value']): uPlot.AlignedData {
  return [points.map(({ at }) => at), points.map(value)];
}

/** Colours are read at each drawing, since the scheme may change. */
function optionsOf(width: number): uPlot.Options {
  const colour = (name: string) => () =>
    getComputedStyle(document.documentElement).getPropertyValue(name);
  const axis = {
    stroke: colour('--muted'),
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 8, 0, 0],
    scales: { y: { range: (_, _min, max) => [0, max > 0 ? max * 1.15 : 1] } },
    axes: [
      { ...axis, size: 22, grid: { show: false }, space: 70 },
      {
        ...axis,
        size: 44,
        space: 34,
        grid: { stroke: colour('--line'), width: 1 },
        values: (_, ticks) => ticks.map(short),
      },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        fill: colour('--plot-fill'),
        width: 1.75,
        points: { show: false },
      },
    ],
  };
}

/** A tick of an axis in few characters: 12000 is "12k". */
function short(value: number): string {
  if (value >= 1_000_000) return `${+(value / 1_000_000).toFixed(2)}M`;
  return value >= 1_000 ? `${+(value / 1_000).toFixed(2)}k` : `${+value.toFixed(2)}`;
}
