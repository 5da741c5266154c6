import type { JSX } from "preact";
import { RECOVERY_MEASURES } from "../../harness/history/run-record.ts";
import { bytes, count, duration } from "./numbers.ts";
import type { Distribution } from "./page-data.ts";

const MEASURES: Readonly<Record<(typeof RECOVERY_MEASURES)[number], readonly [name: string, meaning: string]>> = {
  rto: [
    "RTO",
    "From when a fault was there and a host waited for a write, until a write to that mirror was done again: of each time that a host waited for 100 ms or longer.",
  ],
  rpo: [
    "RPO",
    "Of each takeover: what its side lacked, at that moment, of what hosts were told is written; and how long before the last such word the oldest of that was asked for.",
  ],
  resync: [
    "Resync",
    "From the first track that is copied until both ends are DUPLEX: of each time that a pair came together again.",
  ],
};

const [WIDTH, ROW, LABEL, FIGURES] = [900, 24, 130, 280] as const;

/** What faults cost, as it was measured in the time of the world that a run ran in. */
export function Recovery({ recovery }: { readonly recovery: readonly Distribution[] }): JSX.Element {
  return (
    <section id="recovery" aria-labelledby="recovery-title">
      <h2 id="recovery-title">Recovery</h2>
      <p class="quiet">
        In the time of the world: virtual in the simulated one, real on containers. A line is one time; the band goes
        from half of them to nineteen of twenty. On the right: how many, p50, p95, and the most. The fault is the one
        that it is put down to; <code>none</code> is a command, or nothing that was injected.
      </p>
      {recovery.length === 0 && <p class="quiet">Nothing of this was measured in these runs.</p>}
      {RECOVERY_MEASURES.map((measure) => (
        <Measure key={measure} measure={measure} all={recovery.filter((one) => one.measure === measure)} />
      ))}
    </section>
  );
}

interface MeasureProps {
  readonly measure: (typeof RECOVERY_MEASURES)[number];
  readonly all: readonly Distribution[];
}

function Measure({ measure, all }: MeasureProps): JSX.Element | null {
  if (all.length === 0) return null;
  const [name, meaning] = MEASURES[measure];
  const units = ["ms", "bytes"] as const;
  const families = all.filter(({ by }) => by === "family");
  return (
    <>
      <h3>{name}</h3>
      <p class="quiet">{meaning}</p>
      {units.map((unit) => {
        const rows = all.filter((one) => one.by === "fault" && one.unit === unit);
        return rows.length === 0 ? null : <Chart key={unit} title={`${name} by fault, ${unit}`} rows={rows} />;
      })}
      <details>
        <summary>by folder of scenarios</summary>
        <table class="narrow">
          <thead>
            <tr>
              {["Folder", "", "Times", "Half within", "19 of 20 within", "Most"].map((head, index) => (
                <th key={head} scope="col" class={index > 1 ? "number" : ""}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {families.map((row) => (
              <tr key={`${row.name} ${row.unit}`}>
                <th scope="row">{row.name}</th>
                <td>{row.unit === "ms" ? "time" : "bytes"}</td>
                <td class="number">{count(row.count)}</td>
                {[row.p50, row.p95, row.max].map((value, index) => (
                  <td key={["p50", "p95", "max"][index]} class="number">
                    {text(value, row.unit)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

/** A row a kind of fault: every time a line, on a scale on which nothing and much have their place. */
function Chart({ title, rows }: { readonly title: string; readonly rows: readonly Distribution[] }): JSX.Element {
  const unit = rows[0]?.unit ?? "ms";
  const max = Math.max(...rows.map((row) => row.max), 1);
  const x = scaleOf(max, unit === "ms" ? 1 : 512);
  const ticks = ticksOf(max, unit).filter((tick, index, all) => index === 0 || x(tick) - x(all[index - 1] ?? 0) > 36);
  const height = rows.length * ROW + 22;
  const said = rows.map((row) => `${row.name}: ${figures(row)}`).join("; ");
  return (
    <svg class="distribution" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${title}. ${said}`}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={x(tick)} x2={x(tick)} y1={0} y2={height - 18} />
          <text class="axis" x={x(tick)} y={height - 5} text-anchor="middle">
            {tickText(tick, unit)}
          </text>
        </g>
      ))}
      {rows.map((row, index) => {
        const y = index * ROW;
        return (
          <g key={row.name}>
            <text class="label" x={LABEL - 8} y={y + 16} text-anchor="end">
              {row.name}
            </text>
            <rect class="band" x={x(row.p50)} width={Math.max(2, x(row.p95) - x(row.p50))} y={y + 4} height={ROW - 8} />
            {row.drawn.map((value, at) => (
              <line key={at} class="time" x1={x(value)} x2={x(value)} y1={y + 6} y2={y + ROW - 6} />
            ))}
            <text class="figures" x={WIDTH} y={y + 16} text-anchor="end">
              {figures(row)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/**
 * Symmetric logarithm, as d3's `scaleSymlog`, which would make the page a tenth larger: nothing has its place, and so has much.
 *
 * @param linear below it the scale is about linear
 */
function scaleOf(max: number, linear: number): (value: number) => number {
  const width = (WIDTH - FIGURES - LABEL) / Math.log1p(max / linear);
  return (value) => LABEL + Math.log1p(value / linear) * width;
}

function figures({ count: times, p50, p95, max, unit }: Distribution): string {
  return `${count(times)} × · ${text(p50, unit)} · ${text(p95, unit)} · ${text(max, unit)}`;
}

/** Powers of ten, or of 1024 in steps, below the most. */
function ticksOf(max: number, unit: Distribution["unit"]): number[] {
  const [first, factor] = unit === "ms" ? [1, 10] : [4096, 16];
  const ticks = [0];
  for (let tick = first; tick <= max; tick *= factor) ticks.push(tick);
  return ticks;
}

function tickText(value: number, unit: Distribution["unit"]): string {
  if (unit === "bytes") return bytes(value);
  return value < 1000 ? `${value} ms` : `${value / 1000} s`;
}

function text(value: number, unit: Distribution["unit"]): string {
  if (unit === "bytes") return bytes(value);
  return value === 0 ? "0" : duration(value * 1e6);
}
