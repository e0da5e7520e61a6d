import { deepEqual, equal, throws } from "../../support/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import * as messages from "../../../lib/memberlist/messages.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

const NODE: messages.PushPullNode = {
  name: "alpha",
  addr: fromHex("7f000001"),
  port: 7946,
  meta: fromHex("ff80"),
  incarnation: 3,
  state: 2,
  vsn: fromHex("010502020505"),
};

function pushPull(
  nodes: messages.PushPullNode[],
  userState: Uint8Array,
  join = true,
  announced = nodes.length,
) {
  const writer = new MsgpackWriter();
  messages.encodePushPullHeader(writer, { nodes: announced, userStateLen: userState.length, join });
  for (const node of nodes) messages.encodePushPullNode(writer, node);
  return writer.raw(userState).copy();
}

Deno.test("PushPullMessage gives back nodes, state and join, as often as asked", () => {
  const message = new messages.PushPullMessage(
    pushPull([NODE, { ...NODE, name: "bravo", port: 0 }], fromHex("02c0")),
  );
  equal(message.join, true);
  equal(message.nodeCount, 2);
  equal(toHex(message.userState), "02c0");
  for (let round = 0; round < 2; round++) {
    const seen: unknown[] = [];
    message.forEachNode((node) =>
      seen.push([node.name, toHex(node.addr), node.port, toHex(node.meta), node.state])
    );
    deepEqual(seen, [["alpha", "7f000001", 7946, "ff80", 2], ["bravo", "7f000001", 0, "ff80", 2]]);
  }
});

Deno.test("PushPullMessage.forEachVersion() shows the first of the living and of the others with each versions", () => {
  const named = (name: string, state: number, vsn = NODE.vsn) => ({ ...NODE, name, state, vsn });
  const shown = (...nodes: messages.PushPullNode[]) => {
    const names: string[] = [];
    new messages.PushPullMessage(pushPull(nodes, new Uint8Array(0))).forEachVersion(({ name }) =>
      names.push(name)
    );
    return names.join(" ");
  };
  equal(shown(named("a", 0), named("b", 0), named("c", 2), named("d", 3)), "a c");
  equal(shown(named("a", 2), named("b", 3), named("c", 0), named("d", 0)), "a c");
  equal(shown(named("a", 2), named("b", 3)), "a");
  const old = fromHex("010502020504");
  equal(
    shown(named("a", 0), named("b", 0), named("c", 0, old), named("d", 2), named("e", 2, old)),
    "a c d e",
  );
  const none = new Uint8Array(0);
  equal(shown(named("a", 0, none), named("b", 0), named("c", 0, none), named("d", 0)), "a b");
  const many = Array.from({ length: 9 }, (_, i) => named(`n${i}`, 0, Uint8Array.of(1, 5, i, 2, 5, 4)));
  equal(
    shown(named("a", 0), ...many, named("b", 0)).split(" ").length,
    11,
    "all, when there are too many kinds",
  );
  equal(shown(), "");
});

Deno.test("PushPullMessage takes no nodes and no state, and ignores what follows", () => {
  const encoded = pushPull([], new Uint8Array(0), false);
  const message = new messages.PushPullMessage(new Uint8Array([...encoded, 1, 2, 3]));
  deepEqual([message.join, message.nodeCount, message.userState.length], [false, 0, 0]);
});

Deno.test("PushPullMessage is refused when cut off anywhere", () => {
  const whole = pushPull([NODE, NODE], fromHex("02c0"));
  for (let length = 1; length < whole.length; length++) {
    throws(() => new messages.PushPullMessage(whole.subarray(0, length)), WireError, `cut to ${length}`);
  }
});

Deno.test("PushPullMessage refuses fewer nodes than announced, and 1 to 5 version bytes", () => {
  throws(() => new messages.PushPullMessage(pushPull([NODE], new Uint8Array(0), true, 2)), WireError);
  for (let length = 1; length <= 5; length++) {
    const node = { ...NODE, vsn: new Uint8Array(length) };
    throws(() => new messages.PushPullMessage(pushPull([NODE, node], new Uint8Array(0))), WireError);
  }
  new messages.PushPullMessage(pushPull([{ ...NODE, vsn: new Uint8Array(0) }], new Uint8Array(0)));
});

Deno.test("PushPullMessage leaves node states that nobody knows to the reader", () => {
  const message = new messages.PushPullMessage(pushPull([{ ...NODE, state: 77 }], new Uint8Array(0)));
  message.forEachNode((node) => equal(node.state, 77));
});

Deno.test("the push/pull header is held to its limits", () => {
  const decode = (nodes: number, userStateLen: number) => {
    const writer = new MsgpackWriter();
    messages.encodePushPullHeader(writer, { nodes, userStateLen, join: false });
    return messages.decodePushPullHeader(new MsgpackReader().reset(writer.view(), 1));
  };
  deepEqual(decode(1_048_576, 20 * 1024 * 1024), { nodes: 1_048_576, userStateLen: 20_971_520, join: false });
  throws(() => decode(1_048_577, 0), WireError);
  throws(() => decode(0, 20_971_521), WireError);
  const negative = fromHex("81a54e6f646573ff");
  throws(() => messages.decodePushPullHeader(new MsgpackReader().reset(negative)), WireError);
  // Newer agents write signed types as int16 and wider.
  const signed = fromHex("81a54e6f646573d100c8");
  equal(messages.decodePushPullHeader(new MsgpackReader().reset(signed)).nodes, 200);
});

Deno.test("a user message on a stream comes back from its header and bytes", () => {
  const writer = new MsgpackWriter();
  messages.encodeUserHeader(writer, 3);
  writer.raw(fromHex("010203"));
  equal(toHex(writer.view()), "0881aa557365724d73674c656e03010203");
  equal(toHex(messages.decodeUserStream(writer.copy())), "010203");
  throws(() => messages.decodeUserStream(writer.view().subarray(0, writer.length - 1)), WireError);
});
