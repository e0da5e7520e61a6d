/** How layers of configuration become one: by the class of each field, later layers over earlier ones. */
import { type ConfigLayer, FIELD_KINDS, type FieldKind } from "./config_layer.ts";

type Value = string | boolean | number | readonly string[] | ReadonlyMap<string, string> | undefined;

/**
 * Merges `later` over `earlier`. Text: a later one that is not empty wins. Flag: once true, true for ever. Integer and
 * duration: a later one that is not 0 wins (for the protocol: that is greater than 0). List: appended, earlier first.
 * Map: per key, the later value. Associative, so that the order of merging does not matter, only that of the layers.
 */
export function mergeLayers(earlier: ConfigLayer, later: ConfigLayer): ConfigLayer {
  const merged: Record<string, Value> = { ...earlier };
  for (const [field, value] of Object.entries(later) as [keyof ConfigLayer, Value][]) {
    merged[field] = mergeValue(FIELD_KINDS[field], merged[field], value);
  }
  return merged as ConfigLayer;
}

function mergeValue(kind: FieldKind, earlier: Value, later: Value): Value {
  if (later === undefined) return earlier;
  switch (kind) {
    case "list":
      return [...(earlier as readonly string[] | undefined) ?? [], ...later as readonly string[]];
    case "map":
      return new Map([
        ...(earlier as ReadonlyMap<string, string> | undefined) ?? [],
        ...later as ReadonlyMap<string, string>,
      ]);
    case "positive":
      return later as number > 0 ? later : earlier;
    default: // The zero value of a text, a flag or a number does not override.
      return later === "" || later === false || later === 0 ? earlier : later;
  }
}
