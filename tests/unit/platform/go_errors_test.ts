import { equal } from "../../support/assert.ts";
import {
  dialError,
  dialLookupError,
  dialTimeout,
  listenError,
  streamError,
  streamTimeout,
  systemErrorText,
} from "../../../lib/platform/go_errors.ts";

function systemError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

Deno.test("systemErrorText() keeps the system's words alone, as Go writes them", () => {
  equal(
    systemErrorText(new Error("No such file or directory (os error 2): open '/x (os error 1)'")),
    "no such file or directory",
  );
  equal(systemErrorText(new Error("Connection refused (os error 111)")), "connection refused");
  equal(systemErrorText(new Error("something else")), "something else");
  equal(systemErrorText("text"), "text");
  equal(
    systemErrorText(
      new Deno.errors.NotCapable('Requires read access to "/x", run again with the --allow-read flag'),
    ),
    "permission denied",
  );
});

Deno.test("the errors of sockets read like Go's, and tell whose fault it is", () => {
  const refused = dialError(
    "127.0.0.1:7946",
    systemError("Connection refused (os error 111)", "ECONNREFUSED"),
  );
  equal(refused.message, "dial tcp 127.0.0.1:7946: connect: connection refused");
  equal(refused.kind, "refused");
  const unreachable = dialError(
    "[fd00::1]:1",
    systemError("Network is unreachable (os error 101)", "ENETUNREACH"),
  );
  equal(unreachable.message, "dial tcp [fd00::1]:1: connect: network is unreachable");
  equal(unreachable.kind, "unreachable");
  const noRoute = dialError("10.0.0.1:1", systemError("No route to host (os error 113)", "EHOSTUNREACH"));
  equal(noRoute.message, "dial tcp 10.0.0.1:1: connect: no route to host");
  equal(noRoute.remote, true);
  const late = dialError("10.0.0.1:1", systemError("Connection timed out (os error 110)", "ETIMEDOUT"));
  equal(late.message, "dial tcp 10.0.0.1:1: connect: connection timed out");
  equal(late.kind, "timeout");
  const ours = dialError("10.0.0.1:1", systemError("Too many open files (os error 24)", "EMFILE"));
  equal(ours.remote, false);
  equal(dialTimeout("10.0.0.1:1").message, "dial tcp 10.0.0.1:1: i/o timeout");
  equal(dialTimeout("10.0.0.1:1").kind, "timeout");
  const lookup = dialLookupError(new Error("lookup nohost: no such host"));
  equal(lookup.message, "dial tcp: lookup nohost: no such host");

  const reset = streamError(
    "read",
    "a:1->b:2",
    systemError("Connection reset by peer (os error 104)", "ECONNRESET"),
  );
  equal(reset.message, "read tcp a:1->b:2: read: connection reset by peer");
  equal(reset.kind, "closed");
  const pipe = streamError("write", "a:1->b:2", systemError("Broken pipe (os error 32)", "EPIPE"));
  equal(pipe.message, "write tcp a:1->b:2: write: broken pipe");
  equal(streamTimeout("write", "a:1->b:2").message, "write tcp a:1->b:2: i/o timeout");
  const taken = listenError(
    "udp",
    "h",
    "h:1",
    systemError("Address already in use (os error 98)", "EADDRINUSE"),
  );
  equal(taken.message, "listen udp h:1: bind: address already in use");
});
