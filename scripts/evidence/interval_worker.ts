/** A thread that makes one run of Lifeguard's interval experiment per message. */
import { type IntervalRun, runInterval } from "../../lib/sim/experiments/interval.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<IntervalRun>) => void;
  postMessage(outcome: unknown): void;
};
scope.onmessage = ({ data }) => scope.postMessage(runInterval(data));
