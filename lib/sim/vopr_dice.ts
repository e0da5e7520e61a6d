/** Draws that several faults of the campaign make. */
import type { Random } from "../base/ports.ts";

/** A duration between `lowMs` and `highMs`, short ones as likely as long ones. */
export function drawMs(random: Random, lowMs: number, highMs: number): number {
  return lowMs * (highMs / lowMs) ** random.uniform();
}
