/** The port of metrics: what happens is named, and whoever runs the core decides what becomes of it. */

/** The kinds of metrics that are added up. */
export type AddedKind = "counter" | "sample";

/** One name of one kind, found once. */
export interface Metric {
  /** As the sink's method for the kind, with this name. Allocates nothing where nobody listens. */
  record(value: number): void;
}

/**
 * Names are dotted, without the service in front: `memberlist.udp.sent`. A call does nothing that its caller could
 * notice: it never throws, and never calls back.
 */
export interface MetricsSink {
  /** Something happened `value` times, or weighs that much: bytes. */
  counter(name: string, value: number): void;
  /** Something stands at `value` now. */
  gauge(name: string, value: number): void;
  /** One of many values, whose distribution matters; of durations, in milliseconds. */
  sample(name: string, value: number): void;
  /** What happens with every packet is told so. @param name one that the program knows: it is kept for ever. */
  named(kind: AddedKind, name: string): Metric;
}

const NO_METRIC: Metric = { record() {} };

/** For those whom nobody listens to. */
export const NO_METRICS: MetricsSink = {
  counter() {},
  gauge() {},
  sample() {},
  named: () => NO_METRIC,
};
