/** A client that listens to an agent's events, and may send some, over one connection. */
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../lib/rpc/rpc_client.ts";

/** A user event or query, as its stream's record tells of it. */
export interface HeardRecord {
  readonly event: string;
  readonly name: string;
  readonly payload: string;
}

export class EventTap {
  /** bounded: by what a test sends. */
  readonly heard: HeardRecord[] = [];
  readonly #client: RpcClient;

  private constructor(client: RpcClient) {
    this.#client = client;
  }

  /** @param rpc `host:port`. @param filter as `-event-handler` has it, without a script. */
  static async open(rpc: string, filter: string): Promise<EventTap> {
    const tap = new EventTap(await RpcClient.connect(createPlatform(), rpc, ""));
    await tap.#client.stream(filter, (record) => {
      const payload = record.get("Payload");
      tap.heard.push({
        event: String(record.get("Event")),
        name: String(record.get("Name")),
        payload: payload instanceof Uint8Array ? new TextDecoder().decode(payload) : "",
      });
    });
    return tap;
  }

  /** Sends all at once: none waits for the answer to another. */
  async send(events: readonly { name: string; payload: string; coalesce: boolean }[]): Promise<void> {
    await Promise.all(events.map(({ name, payload, coalesce }) => {
      return this.#client.event({ name, payload: new TextEncoder().encode(payload), coalesce });
    }));
  }

  close(): void {
    this.#client.close();
  }
}
