/** A sink of metrics that a test looks into. */
import type { AddedKind, Metric, MetricsSink } from "../../lib/base/metrics.ts";

/** Keeps all that it is told. */
export class RecordingMetrics implements MetricsSink {
  /** In order; rounded to thousandths. */
  readonly entries: [kind: AddedKind | "gauge", name: string, value: number][] = [];

  /** The names alone, in order. */
  get names(): string[] {
    return this.entries.map(([, name]) => name);
  }

  /** The values of one name, in order. */
  valuesOf(wanted: string): number[] {
    return this.entries.filter(([, name]) => name === wanted).map(([, , value]) => value);
  }

  counter(name: string, value: number): void {
    this.#keep("counter", name, value);
  }

  gauge(name: string, value: number): void {
    this.#keep("gauge", name, value);
  }

  sample(name: string, value: number): void {
    this.#keep("sample", name, value);
  }

  named(kind: AddedKind, name: string): Metric {
    return { record: (value) => this.#keep(kind, name, value) };
  }

  #keep(kind: AddedKind | "gauge", name: string, value: number): void {
    this.entries.push([kind, name, Math.round(value * 1_000) / 1_000]);
  }
}
