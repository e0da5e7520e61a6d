/** What happened on the simulated network. A scenario asserts on these, so that one without faults cannot pass. */
export class NetworkCounters {
  /** Datagrams that a node sent, and their bytes. */
  packetsSent = 0;
  packetBytesSent = 0;
  /** Datagrams given to a node; a duplicate counts again. */
  packetsDelivered = 0;
  /** Lost by the dice. */
  packetsLost = 0;
  /** Of those, on links with conditions of their own. */
  packetsLostOnBadLinks = 0;
  /** Sent twice by the dice. */
  packetsDuplicated = 0;
  /** Held back by the dice. */
  packetsHeldBack = 0;
  /** Stopped by a cut or a partition. */
  packetsCut = 0;
  /** Arrived where nobody listens. */
  packetsToNobody = 0;
  /** Refused by the sender's own system. */
  packetsRefused = 0;
  /** Had to wait for a blocked process. */
  packetsDelayedByBlock = 0;
  /** Dropped because a blocked process' socket buffer was full. */
  packetsOverflowed = 0;

  exchangesOpened = 0;
  exchangeBytesSent = 0;
  /** Whole requests given to a node. */
  exchangesServed = 0;
  /** Whole replies given to the opener. */
  exchangesReplied = 0;
  /** Ended by a refused connection. */
  exchangesRefused = 0;
  /** Ended by the opener's deadline. */
  exchangesTimedOut = 0;
  /** Broken in the middle by the dice, or because the peer died. */
  exchangesBroken = 0;
  /** Messages of exchanges that the dice tore. */
  exchangesTorn = 0;
  /** Segments sent again because of a loss or a cut. */
  segmentsResent = 0;
}
