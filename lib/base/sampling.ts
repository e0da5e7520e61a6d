/** Random choice without replacement and without allocation. */
import type { Random } from "./ports.ts";

/** Shuffles in place (Fisher-Yates): every order is equally likely. */
export function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) swap(items, i, random.below(i + 1));
}

/**
 * Picks up to `k` of the items that `accept` likes, each set equally likely: a Fisher-Yates shuffle that stops when
 * it has enough. It finds all of them when there are no more than `k`, and costs about `k` draws when most are liked.
 *
 * @param items its order is changed (and means nothing).
 * @param picked emptied, then filled.
 */
export function sampleInto<T>(
  items: T[],
  k: number,
  random: Random,
  accept: (item: T) => boolean,
  picked: T[],
): void {
  picked.length = 0;
  for (let i = 0; i < items.length && picked.length < k; i++) {
    swap(items, i, i + random.below(items.length - i));
    const item = items[i]!;
    if (accept(item)) picked.push(item);
  }
}

function swap<T>(items: T[], a: number, b: number): void {
  const item = items[a]!;
  items[a] = items[b]!;
  items[b] = item;
}
