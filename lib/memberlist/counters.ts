/** What a memberlist counts. Each is a whole number that only grows, from 0 at the start. */

/** The counters. Whoever holds them may read them at any time; only the engine writes. */
export interface MemberlistCounters {
  packetsReceived: number;
  bytesReceived: number;
  packetsSent: number;
  bytesSent: number;
  /** Datagrams that the local system refused at once. */
  sendsRefused: number;

  /** Datagrams whose label is not ours (or that have one, or none, against our configuration). */
  labelMismatches: number;
  /** Datagrams that no key opens, plaintext ones included when there is a keyring. */
  undecryptable: number;
  /** Datagrams with a wrong CRC. */
  badChecksums: number;
  /** Messages that break the protocol: dropped, never passed on. */
  malformed: number;
  /** Messages of a type that does not exist, or does not belong into a datagram. */
  unsupported: number;
  /** Messages of a compound that was cut short. */
  truncated: number;
  /** Messages beyond what one datagram may make us do. */
  overLimit: number;
  /** Pings that were meant for another name. */
  strayPings: number;
  /** Claims to a known name from another address. */
  conflicts: number;
  /** Nodes not taken into the table: no room, or versions that are none. */
  nodesRefused: number;

  /** Probes begun. */
  probes: number;
  /** Probes that ended without any answer. */
  probesFailed: number;
  /** Accusations against ourselves that we answered. */
  refutes: number;
  /** Gossip packets sent. */
  gossips: number;

  /** Requests on inbound streams that were handled. */
  streamsServed: number;
  /** Inbound streams that brought nothing we could handle. */
  streamsFailed: number;
  /** Push/pulls merged, whoever began them. */
  pushPulls: number;
  /** Push/pulls that failed, whoever began them. */
  pushPullsFailed: number;
}

/** All zero. */
export function createMemberlistCounters(): MemberlistCounters {
  return {
    packetsReceived: 0,
    bytesReceived: 0,
    packetsSent: 0,
    bytesSent: 0,
    sendsRefused: 0,
    labelMismatches: 0,
    undecryptable: 0,
    badChecksums: 0,
    malformed: 0,
    unsupported: 0,
    truncated: 0,
    overLimit: 0,
    strayPings: 0,
    conflicts: 0,
    nodesRefused: 0,
    probes: 0,
    probesFailed: 0,
    refutes: 0,
    gossips: 0,
    streamsServed: 0,
    streamsFailed: 0,
    pushPulls: 0,
    pushPullsFailed: 0,
  };
}
