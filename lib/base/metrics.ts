/** The port of metrics: what happens is named, and whoever runs the core decides what becomes of it. */

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
}

/** For those whom nobody listens to. */
export const NO_METRICS: MetricsSink = {
  counter() {},
  gauge() {},
  sample() {},
};
